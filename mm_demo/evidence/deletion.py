"""Deletion and insertion (Petsiuk et al. 2018, RISE): what the answer is worth as a map's elements are taken away."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from mm_demo.evidence.memory import Memory, kept_along
from mm_demo.evidence.probe import Probe

FIFTH = 0.2
"""The share of the elements whose removal is measured exactly: verdicts speak of it."""


@dataclass(frozen=True)
class Evidence:
    """Deletion curves of a map, of its reverse, and of random orders beside them.

    Inserting elements into nothing in some order is deleting them in the reverse order, read backwards: `last` is the
    map's insertion curve too (its score at the share f removed is the one with the most relevant 1 − f inserted).

    Attributes:
        probe: what was asked.
        fractions: (steps + 1,) share of the elements that are removed, rising 0…1.
        first: (steps + 1,) score as the most relevant go first.
        last: (steps + 1,) score as the least relevant go first.
        random: (orders, 2, steps + 1) likewise for each random order, and its reverse; orders so far, 0 at first.
        complete: nothing more will come.
    """

    probe: Probe
    fractions: np.ndarray
    first: np.ndarray
    last: np.ndarray
    random: np.ndarray
    complete: bool

    @property
    def srg(self) -> float:
        """Symmetric relevance gain, AUC(last) − AUC(first) (Blücher et al. 2024); higher is better, 0 says nothing."""
        return float(self._area(self.last) - self._area(self.first))

    @property
    def random_srgs(self) -> np.ndarray:
        """(orders,) The same of each random order."""
        return self._area(self.random[:, 1]) - self._area(self.random[:, 0])

    @property
    def percentile(self) -> float:
        """Share 0…1 of the random orders whose gain is below the map's; NaN while there are none."""
        return float(np.mean(self.random_srgs < self.srg)) if len(self.random) else float("nan")

    def _area(self, curves: np.ndarray) -> np.ndarray:
        return np.trapezoid(curves, self.fractions, axis=-1)


def gather(
    probe: Probe, steps: int = 16, random_orders: int = 10, seed: int = 0, chunk: int = 128
) -> Iterator[Evidence]:
    """The evidence for a map as it grows: first the map's own curves, then more and more random orders.

    Args:
        probe: the answer and the map, at least one element.
        steps: how many removals make a curve, at most one for each element.
        random_orders: how many are compared with; each is scored with its reverse.
        seed: draws the random orders.
        chunk: most variants that are handed to `probe.score` at once; the time between two yields goes with it.

    Yields:
        Evidence, each with more random orders than the one before; the last is complete.
    """
    elements = len(probe.relevance)
    counts = removal_counts(elements, steps)
    memory = Memory(probe, chunk)
    order = ranked(probe.relevance)
    first, last = memory.score(kept_along(np.stack([order, order[::-1]]), counts))
    random = np.empty((0, 2, len(counts)))
    rng = np.random.default_rng(seed)
    most, batch = max(1, chunk // (2 * len(counts))), 1
    while True:
        complete = len(random) >= random_orders
        yield Evidence(probe, counts / elements, first, last, random, complete)
        if complete:
            return
        size = min(batch, most, random_orders - len(random))
        orders = np.stack([rng.permutation(elements) for _ in range(size)])
        both = np.stack([orders, orders[:, ::-1]], axis=1)
        random = np.concatenate([random, memory.score(kept_along(both, counts))])
        batch *= 2


def ranked(relevance: np.ndarray) -> np.ndarray:
    """(elements,) indices, the most relevant first; equals stand in an arbitrary, repeatable order.

    Reading order would favour a corner of the picture, or the first words, wherever a map is flat.
    """
    shuffled = np.random.default_rng(0).permutation(len(relevance))
    return shuffled[np.argsort(-np.asarray(relevance, dtype=float)[shuffled], kind="stable")]


def removal_counts(elements: int, steps: int) -> np.ndarray:
    """(steps + 1,) how many elements are gone at each step, 0 … all; never more steps than elements.

    They rise evenly, but a fifth, and all but a fifth, are always among them.
    """
    counts = np.round(np.linspace(0, elements, min(steps, elements) + 1)).astype(int)
    fifth = max(1, round(FIFTH * elements))
    for wanted in (fifth, elements - fifth):
        if wanted not in counts and len(counts) > 3:
            counts[1 + np.argmin(np.abs(counts[1:-1] - wanted))] = wanted
    return counts
