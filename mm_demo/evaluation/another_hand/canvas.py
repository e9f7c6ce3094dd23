"""Draws parts and pen strokes with Agg. Every call has its own figure, so threads do not meet."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch
from matplotlib.path import Path
from matplotlib.transforms import IdentityTransform


@dataclass(frozen=True)
class Stroke:
    """One area or line in pixels, y up.

    Attributes:
        points: (n, 2).
        fill: the area's colour, or None for a line.
        line: the colour of the outline or line, or None.
        width: of the line, in pixels.
        closed: whether the outline runs back to its start.
    """

    points: np.ndarray
    fill: str | None
    line: str | None
    width: float
    closed: bool = True


def render(strokes: Iterable[Stroke], size: tuple[int, int], ground: str, smooth: bool = True) -> np.ndarray:
    """The strokes over a plain ground.

    Args:
        strokes: from back to front.
        size: (width, height) in pixels.
        ground: the colour under everything.
        smooth: whether edges are anti-aliased.

    Returns:
        (height, width, 3) uint8 RGB.
    """
    dots = 72.0  # one typographic point is one pixel, so line widths are in pixels
    figure = Figure(figsize=((size[0] + 0.01) / dots, (size[1] + 0.01) / dots), dpi=dots, facecolor=ground)
    canvas = FigureCanvasAgg(figure)
    for stroke in strokes:
        patch = PathPatch(
            Path(stroke.points, closed=False) if not stroke.closed else _ring(stroke.points),
            facecolor=stroke.fill or "none",
            edgecolor=stroke.line or "none",
            linewidth=stroke.width if stroke.line else 0.0,
            antialiased=smooth,
            joinstyle="round",
            capstyle="round",
            transform=IdentityTransform(),
            snap=False,
        )
        figure.add_artist(patch)
    canvas.draw()
    return np.array(np.asarray(canvas.buffer_rgba())[..., :3])


def shown(strokes: Iterable[Stroke], size: tuple[int, int]) -> np.ndarray:
    """(height, width) bool: where the strokes leave any ink, edges not anti-aliased."""
    ink = [Stroke(s.points, s.fill and "#ffffff", s.line and "#ffffff", s.width, s.closed) for s in strokes]
    return render(ink, size, "#000000", smooth=False)[..., 0] > 127


def _ring(points: np.ndarray) -> Path:
    return Path(np.concatenate([points, points[:1]]), closed=True)


def extent(mask: np.ndarray) -> tuple[float, float, float, float]:
    """(left, top, right, bottom) of a mask's true pixels as fractions of its width and height."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    height, width = mask.shape
    return columns[0] / width, rows[0] / height, (columns[-1] + 1) / width, (rows[-1] + 1) / height
