"""What every single element adds to an answer: Shapley values (Shapley 1953), exact for few, sampled for many."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from mm_demo.evidence.coalitions import coalitions, shapley_values, shares
from mm_demo.evidence.memory import Memory, kept_along
from mm_demo.evidence.probe import Probe

EXACT = 8
"""Up to so many elements all 2ⁿ coalitions are scored: sampling would ask for nearly as many."""
FEWEST_PAIRS = 8
"""Before these are in, a small standard error may be an accident."""


@dataclass(frozen=True)
class ElementValues:
    """Shapley values so far.

    Attributes:
        values: (elements,) what each adds to the score, in its unit; they sum to score(all) − score(none).
        errors: (elements,) standard errors; infinite while a single pair of orders is in, 0 where values are exact.
        pairs: orders that were sampled, each with its reverse; 0 where values are exact.
        complete: nothing more will come.
    """

    values: np.ndarray
    errors: np.ndarray
    pairs: int
    complete: bool


def element_values(
    probe: Probe, tolerance: float = 0.01, budget: int = 4000, seed: int = 0, chunk: int = 128
) -> Iterator[ElementValues]:
    """Element-level Shapley values as they grow more certain.

    Each sample is a random order of joining and its reverse (antithetic: Mitchell et al. 2022), in which an element
    that joined early joins late; their mean is one draw, so the error is that of independent draws.

    Args:
        probe: at least one element.
        tolerance: stops when the largest standard error is at most this, in the unit of the score.
        budget: stops before more variants than this would be scored, but not before two pairs.
        seed: draws the orders.
        chunk: most variants that are handed to `probe.score` at once; the time between two yields goes with it.
    """
    elements = len(probe.relevance)
    memory = Memory(probe, chunk)
    if elements <= EXACT:
        yield ElementValues(_exact(memory, elements), np.zeros(elements), 0, complete=True)
        return
    rng = np.random.default_rng(seed)
    most = max(2, budget // (2 * elements))
    drawn = np.empty((0, elements))
    while True:
        size = min(max(1, chunk // (2 * elements)), most - len(drawn))
        drawn = np.concatenate([drawn, _pairs(memory, rng, elements, size)])
        n = len(drawn)
        errors = drawn.std(0, ddof=1) / np.sqrt(n) if n > 1 else np.full(elements, np.inf)
        complete = n >= most or (n >= FEWEST_PAIRS and float(errors.max()) <= tolerance)
        yield ElementValues(drawn.mean(0), errors, n, complete)
        if complete:
            return


def mm_shares(values: Mapping[str, np.ndarray]) -> dict[str, float]:
    """MM-SHAP's T-SHAP and V-SHAP (Parcalabescu & Frank 2023): each part's Σ|φ| of the Σ|φ| of all parts.

    The paper's values come from one game over the elements of all parts. Values of a probe come from a game in which
    the other parts stay whole; shares of those say how much the answer moves with each part beside the other.

    Args:
        values: part, such as "text" or "image" → Shapley values of its elements.

    Returns:
        part → share 0…1, summing to 1; equal where all values are 0.
    """
    return shares({part: float(np.abs(of_elements).sum()) for part, of_elements in values.items()})


def _exact(memory: Memory, elements: int) -> np.ndarray:
    names = [str(i) for i in range(elements)]
    sets = list(coalitions(names))
    scores = memory.score(np.array([[name in chosen for name in names] for chosen in sets]))
    return np.array(list(shapley_values(names, dict(zip(sets, scores.tolist()))).values()))


def _pairs(memory: Memory, rng: np.random.Generator, elements: int, pairs: int) -> np.ndarray:
    """(pairs, elements) mean marginal contribution of each element over an order and its reverse."""
    orders = np.stack([rng.permutation(elements) for _ in range(pairs)])
    both = np.stack([orders, orders[:, ::-1]], axis=1)
    scores = memory.score(kept_along(both, np.arange(elements + 1)))
    gained = np.empty(both.shape)
    # What leaves is what would join if the order were read backwards: the score falls by what the element adds.
    np.put_along_axis(gained, both, scores[..., :-1] - scores[..., 1:], axis=-1)
    return gained.mean(1)
