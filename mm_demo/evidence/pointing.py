"""Does a map mark what it is about, where the truth is known? Its peak (Zhang et al. 2016), and its whole mass."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

COVERED = 0.12
"""A patch lies on an object that covers at least this much of it: outlines and small objects cover no more."""


class Inside(NamedTuple):
    """How much of a map lies on the object.

    Attributes:
        share: of the map, 0…1.
        chance: what a map that knows nothing would have there, 0…1.
    """

    share: float
    chance: float


def pointing(relevance: np.ndarray, mask: np.ndarray) -> Inside:
    """Whether the peak lies on the object: 1 or 0; of several equal peaks, the share of them that do.

    Args:
        relevance: (rows, cols).
        mask: (height, width) bool at any resolution, True on the object.
    """
    on = patches_on(mask, *relevance.shape)
    return Inside(float(on[relevance == relevance.max()].mean()), float(on.mean()))


def mass(relevance: np.ndarray, mask: np.ndarray) -> Inside:
    """The share of the map's positive mass that lies on the object, beside the share of the area; 0 without any mass.

    Args:
        relevance: (rows, cols); what is below 0 counts as 0.
        mask: (height, width) bool at any resolution, True on the object.
    """
    covered = coverage(mask, *relevance.shape)
    positive = np.maximum(relevance, 0)
    total = float(positive.sum())
    return Inside(float((positive * covered).sum() / total) if total else 0.0, float(covered.mean()))


def patches_on(mask: np.ndarray, rows: int, cols: int) -> np.ndarray:
    """(rows, cols) bool: the patches that the object lies on."""
    return coverage(mask, rows, cols) >= COVERED


def coverage(mask: np.ndarray, rows: int, cols: int) -> np.ndarray:
    """(rows, cols) share 0…1 of each patch's area that the mask covers."""
    height, width = mask.shape
    return _overlap(rows, height) @ mask.astype(float) @ _overlap(cols, width).T


def _overlap(patches: int, pixels: int) -> np.ndarray:
    """(patches, pixels) how much of each patch each pixel is, along one side of which both divide the whole."""
    start, end = np.arange(patches)[:, None] / patches, (np.arange(patches)[:, None] + 1) / patches
    left, right = np.arange(pixels) / pixels, (np.arange(pixels) + 1) / pixels
    return np.maximum(0, np.minimum(end, right) - np.maximum(start, left)) * patches
