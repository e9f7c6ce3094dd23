"""Where the objects stand, and how large each is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

SMALL = (0.2, 0.29)
LARGE = (0.34, 0.62)
"""Longest side of an object as a fraction of the picture's side."""


@dataclass(frozen=True)
class Place:
    """Centre (fractions of the side), longest side (fraction), and the name of that size."""

    x: float
    y: float
    extent: float
    size: str


def places(count: int, rng: np.random.Generator) -> list[Place]:
    """Up to `count` places that overlap little; fewer where they don't fit."""
    chosen: list[Place] = []
    share_large, widest = (0.5, LARGE[1]) if count < 3 else (0.45, 0.5) if count == 3 else (0.25, 0.45)
    for _ in range(count):
        large = rng.random() < share_large
        for attempt in range(24):
            if attempt == 14:
                large = False
            extent = rng.uniform(LARGE[0], widest) if large else rng.uniform(*SMALL)
            x, y = rng.uniform(extent / 2 + 0.01, 0.99 - extent / 2, 2)
            gap = rng.uniform(0.7, 1.0)
            if all(max(abs(x - p.x), abs(y - p.y)) > gap * 0.5 * (extent + p.extent) for p in chosen):
                chosen.append(Place(x, y, extent, "large" if large else "small"))
                break
    return chosen
