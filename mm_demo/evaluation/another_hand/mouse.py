"""What a person draws with the mouse on a white drawing board: outlines in one colour, not quite straight."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import gaussian_filter1d

from mm_demo.evaluation.another_hand.canvas import Stroke, extent, render, shown
from mm_demo.evaluation.another_hand.geometry import bounds, dense, join, rotate
from mm_demo.evaluation.another_hand.outlines import OUTLINERS, Line
from mm_demo.evaluation.another_hand.palette import PEN_COLORS
from mm_demo.evaluation.another_hand.placing import Rectangle, find_place
from mm_demo.scenes.truth import COLORS, KINDS, Scene, SceneObject

_BOARDS = ((512, 512), (640, 480))
_ACROSS = {"small": (0.18, 0.27), "large": (0.385, 0.5)}
_STEP = 4.0
"""Pixels between two positions that the mouse reports."""


def _hesitate(points: np.ndarray, closed: bool, across: float, rng: np.random.Generator) -> np.ndarray:
    """The corners that a hand really visits: it runs a little past sharp ones and does not end where it began."""
    path = join(points, points[:2]) if closed else points
    path = path[np.append(True, np.hypot(*np.diff(path, axis=0).T) > 1e-6)]
    visited = [path[0]]
    for before, corner, after in zip(path[:-2], path[1:-1], path[2:], strict=True):
        come, go = corner - before, after - corner
        cosine = come @ go / (np.hypot(*come) * np.hypot(*go) + 1e-9)
        visited.append(corner)
        if cosine < 0.6 and rng.random() < 0.5:
            visited.append(corner + come / np.hypot(*come) * rng.uniform(0.005, 0.03) * across)
    if closed:
        start, onward = path[0], path[1] - path[0]
        length = max(float(np.hypot(*onward)), 1e-9)
        miss = min(rng.uniform(-0.02, 0.05) * across, length)
        visited[-1] = start + onward / length * max(miss, 0.0) + rng.normal(0, 0.012, 2) * across
    else:
        visited.append(path[-1])
    return np.array(visited)


def _by_hand(line: Line, across: float, unsteady: float, rng: np.random.Generator) -> np.ndarray:
    """The line as the mouse reports it, in whole pixels.

    Args:
        line: in pixels.
        across: the object's longer side in pixels.
        unsteady: how far the hand strays from a line as long as the object, as a part of `across`.
        rng: the picture's generator.
    """
    low, high = bounds([line.points])
    reach = 0.35 * across + 0.65 * float((high - low).max())  # small details are drawn with more care
    path = dense(_hesitate(line.points, line.closed, across, rng), _STEP, closed=False)
    path = gaussian_filter1d(path, 0.7, axis=0, mode="nearest")
    slow = 5.6 * gaussian_filter1d(rng.normal(size=path.shape), 9.0, axis=0, mode="nearest")  # to unit spread
    shake = gaussian_filter1d(rng.normal(0, 0.5, path.shape), 1.5, axis=0, mode="nearest")
    return np.round(path + slow * unsteady * reach + shake)


def _drawn(kind: str, across: float, rng: np.random.Generator) -> list[Line]:
    """The kind's lines by hand, in pixels from (0, 0) up, the longer side about `across`."""
    lines = OUTLINERS[kind](rng)
    tilt = rng.normal(0, 4)
    turned = [rotate(line.points, tilt) for line in lines]
    low, high = bounds(turned)
    scale = across / (high - low).max()
    stretch = scale * (1 + rng.uniform(-0.08, 0.0, 2))
    unsteady = rng.uniform(0.005, 0.017)
    inked = [
        Line(_by_hand(Line((points - low) * stretch, line.closed), across, unsteady, rng), line.closed)
        for points, line in zip(turned, lines, strict=True)
    ]
    corner = bounds([line.points for line in inked])[0]
    return [Line(line.points - corner, line.closed) for line in inked]


def draw_by_mouse(seed: int) -> Scene:
    """One drawing of 1 to 4 outlined objects on a white board; the same seed always gives the same drawing.

    Args:
        seed: any non-negative integer.

    Returns:
        512 × 512 or 640 × 480 pixels. An object's mask is its ink and whatever its closed lines enclose, although
        that is as white as the board. "small" objects are under 0.3 of the shorter side across, "large" over 0.33.
    """
    rng = np.random.default_rng(seed)
    board = _BOARDS[rng.integers(2)]
    wanted = int(rng.choice([1, 2, 3, 4], p=[0.35, 0.3, 0.2, 0.15]))
    pen = float(rng.integers(4, 13))
    strokes: list[Stroke] = []
    taken: list[Rectangle] = []
    objects: list[SceneObject] = []
    while not objects or wanted > 0:
        wanted -= 1
        kind, color = str(rng.choice(KINDS)), str(rng.choice(COLORS))
        shade = str(rng.choice(PEN_COLORS[color]))
        for size in ("large" if rng.random() < 0.8 else "small", "small"):
            across = rng.uniform(*_ACROSS[size]) * min(board)
            width = min(pen, max(4.0, round(across / 22)))
            lines = _drawn(kind, across - width, rng)
            reach = bounds([line.points for line in lines])[1] + width
            place = find_place(rng, (reach[0], reach[1]), board, taken, overlap=-0.06)
            if place is not None:
                break
        if place is None:
            continue
        moved = [Line(line.points + place[:2] + width / 2, line.closed) for line in lines]
        ink = [Stroke(line.points, None, shade, width, closed=False) for line in moved]
        enclosed = [Stroke(line.points, shade, None, 0.0) for line in moved if line.closed]
        mask = shown([*enclosed, *ink], board)
        taken.append(place)
        strokes += ink
        objects.append(SceneObject(kind, color, size, extent(mask), mask))
    return Scene(render(strokes, board, "#ffffff"), tuple(objects))
