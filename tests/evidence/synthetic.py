"""Models whose truth is known: an object of a few patches on a grid, and patches of noise around it."""

from __future__ import annotations

import numpy as np

from mm_demo.evidence.probe import Probe

SIDE = 8
COMBINE = {
    "sum": lambda share: share,
    "most of it": lambda share: 1 / (1 + np.exp(-12 * (share - 0.5))),
    "any of it": lambda share: 1 - 0.001 ** (3 * share),
    "all of it": lambda share: share**6,
    "threshold": lambda share: (share >= 0.5).astype(float),
}
"""How the answer rises with the share of the object that is seen."""


def grid_probe(rng: np.random.Generator, combine: str) -> Probe:
    """An object of 5–9 neighbouring patches of 64; the map is its mask, with equals in random order."""
    mask = np.zeros((SIDE, SIDE))
    row, col = rng.integers(0, SIDE - 2, 2)
    cells = rng.permutation(9)[: rng.integers(5, 10)]
    mask[row + cells // 3, col + cells % 3] = 1
    return _probe(rng, mask.ravel(), combine, (SIDE, SIDE))


def word_probe(rng: np.random.Generator, words: int, telling: int = 1) -> Probe:
    """A text in which some words carry the answer together."""
    mask = np.zeros(words)
    mask[rng.permutation(words)[:telling]] = 1
    return _probe(rng, mask, "sum", None)


def _probe(rng: np.random.Generator, mask: np.ndarray, combine: str, shape: tuple[int, int] | None) -> Probe:
    noise = rng.normal(0, 0.02, mask.size) * (mask == 0)
    weights = mask / mask.sum()

    def score(kept: np.ndarray) -> np.ndarray:
        return np.clip(0.1 + 0.85 * COMBINE[combine](kept @ weights) + kept @ noise, 0, 1)

    labels = ("",) * mask.size if shape else tuple(f"word{i}" for i in range(mask.size))
    relevance = mask + rng.normal(0, 1e-3, mask.size)
    return Probe("image" if shape else "text", "red", "probability", "mean", labels, shape, relevance, score)
