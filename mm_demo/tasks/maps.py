"""From a method's relevance to the numbers that people see."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from torch import Tensor

from mm_demo.attention.trace import ImageLayout, Segment


def image_map(segment: Segment, relevance: Tensor) -> np.ndarray:
    """Relevance per element of an image segment → its map, (rows, cols), non-negative, sums to 1.

    What argues against the answer counts as nothing, and so do elements that stand for no part of the picture. Where
    nothing is left, the map is even: it points nowhere.
    """
    layout = segment.layout
    if not isinstance(layout, ImageLayout):
        raise TypeError(f"segment '{segment.name}' is no image")
    patches = relevance[segment.leading :].double().clamp(min=0).cpu().numpy()
    if layout.boxes is not None:
        patches = _spread(patches, layout.boxes, (layout.rows, layout.cols)).ravel()
    total = patches.sum()
    if not np.isfinite(total) or total <= 0:
        patches, total = np.ones_like(patches), patches.size
    shares: np.ndarray = (patches / total).reshape(layout.rows, layout.cols)
    return shares


def _spread(values: np.ndarray, boxes: Sequence[tuple[int, int, int, int]], shape: tuple[int, int]) -> np.ndarray:
    """(rows, cols): each element's value shared out evenly over the cells that it covers."""
    cells = np.zeros(shape)
    for value, (top, left, bottom, right) in zip(values, boxes, strict=True):
        cells[top:bottom, left:right] += value / ((bottom - top) * (right - left))
    return cells


def signed_relevance(relevance: list[float]) -> list[float]:
    """Scaled so that the largest magnitude is 1; all 0 where there is none."""
    largest = max((abs(value) for value in relevance), default=0.0)
    return [value / largest if largest > 0 else 0.0 for value in relevance]
