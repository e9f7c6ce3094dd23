"""Where objects go: anywhere on the picture, hardly in each other's way."""

from __future__ import annotations

import numpy as np

Rectangle = tuple[float, float, float, float]


def find_place(
    rng: np.random.Generator, extent: tuple[float, float], size: tuple[int, int], taken: list[Rectangle], overlap: float
) -> Rectangle | None:
    """A free rectangle for an object, or None after many tries.

    Args:
        rng: the picture's generator.
        extent: the object's width and height in pixels.
        size: the picture's.
        taken: rectangles (left, bottom, right, top) of the objects already there.
        overlap: the part of the smaller of two rectangles that both may share; negative asks for a gap instead.
    """
    margin = 6
    for _ in range(60):
        left = rng.uniform(margin, size[0] - extent[0] - margin)
        bottom = rng.uniform(margin, size[1] - extent[1] - margin)
        place = (left, bottom, left + extent[0], bottom + extent[1])
        if all(_shared(place, other) <= overlap for other in taken):
            return place
    return None


def _shared(one: Rectangle, other: Rectangle) -> float:
    """The shared area as a part of the smaller rectangle; minus the gap over 100 px where they lie apart."""
    across = min(one[2], other[2]) - max(one[0], other[0])
    up = min(one[3], other[3]) - max(one[1], other[1])
    if across < 0 or up < 0:
        return min(across, up) / 100
    areas = [(r[2] - r[0]) * (r[3] - r[1]) for r in (one, other)]
    return across * up / min(areas)
