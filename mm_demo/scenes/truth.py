"""What is true of a picture: every object's kind, colour, size, box and mask. No drawing, no language."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

KINDS: tuple[str, ...] = (
    "circle", "square", "triangle", "star", "heart", "cross", "moon", "arrow",
    "house", "tree", "car", "boat", "fish", "flower", "cup", "umbrella",
)  # fmt: skip
COLORS: tuple[str, ...] = ("red", "green", "blue", "yellow", "purple", "orange", "pink", "black")
SIZES: tuple[str, ...] = ("small", "large")

HELD_OUT_PAIRS: frozenset[tuple[str, str]] = frozenset(
    {
        ("red", "fish"), ("green", "star"), ("blue", "heart"), ("yellow", "car"),
        ("purple", "tree"), ("orange", "moon"), ("pink", "boat"), ("black", "cup"),
    }
)  # fmt: skip
"""Colour and kind that never occur together in training."""


@dataclass(frozen=True)
class SceneObject:
    """One object of a picture.

    Attributes:
        kind: one of `KINDS`.
        color: one of `COLORS`.
        size: one of `SIZES`; "small" is under 0.3 of the picture's shorter side across, "large" over 0.33.
        box: (left, top, right, bottom) as fractions of the picture's width and height, 0…1.
        mask: (height, width) bool, the pixels where the object shows.
    """

    kind: str
    color: str
    size: str
    box: tuple[float, float, float, float]
    mask: np.ndarray

    @property
    def center(self) -> tuple[float, float]:
        """(x, y) of the middle of the box, as fractions of the picture's width and height."""
        left, top, right, bottom = self.box
        return (left + right) / 2, (top + bottom) / 2


@dataclass(frozen=True)
class Scene:
    """A picture, (height, width, 3) uint8 RGB, and its objects from back to front."""

    picture: np.ndarray
    objects: tuple[SceneObject, ...]
