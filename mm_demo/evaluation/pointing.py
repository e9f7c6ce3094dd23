"""The pointing game (Zhang et al., 2016): does a map's peak fall on the object that it is about?"""

from __future__ import annotations

from typing import Any

import numpy as np

from mm_demo.scenes import SceneObject

COVERED = 0.12
"""A patch lies on an object that covers at least this much of it: outlines and small objects cover no more."""


def patches_of(item: SceneObject, rows: int, cols: int) -> np.ndarray:
    """(rows, cols) bool: the patches that the object lies on."""
    height, width = item.mask.shape
    row, col = np.arange(height) * rows // height, np.arange(width) * cols // width
    covered, area = np.zeros((rows, cols)), np.zeros((rows, cols))
    np.add.at(covered, (row[:, None], col[None, :]), item.mask)
    np.add.at(area, (row[:, None], col[None, :]), 1)
    return covered >= COVERED * area


def points_at(relevance: np.ndarray, item: SceneObject) -> bool:
    """Whether the map's highest patch lies on the object."""
    on = patches_of(item, *relevance.shape)
    return bool(on.flat[int(np.argmax(relevance))])


def pointing_score(found: list[tuple[bool, float]]) -> dict[str, Any]:
    """How many maps were judged, the share that points at its object, and the share that random patches would.

    Args:
        found: [(whether the map points at its object, the chance of a random patch)].
    """
    hits, chances = np.array(found or [(False, 0.0)]).mean(0).tolist()
    return {"n": len(found), "accuracy": hits, "baseline": chances}


def chance(item: SceneObject, rows: int, cols: int) -> float:
    """How often a random patch lies on the object."""
    return float(patches_of(item, rows, cols).mean())
