"""Polylines for drawing: every function returns points as an (n, 2) float array, x to the right and y up."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

Point = tuple[float, float]


def polygon(*points: Point) -> np.ndarray:
    """The given corners as an array."""
    return np.array(points, dtype=float)


def box(left: float, bottom: float, right: float, top: float) -> np.ndarray:
    """An upright rectangle, anticlockwise from its lower left corner."""
    return polygon((left, bottom), (right, bottom), (right, top), (left, top))


def ellipse(
    center: Point, rx: float, ry: float | None = None, start: float = 0.0, stop: float = 360.0, count: int = 40
) -> np.ndarray:
    """An ellipse, or its arc from `start` to `stop` degrees; `ry` left out makes it a circle.

    A full turn does not repeat its first point.
    """
    angle = np.radians(np.linspace(start, stop, count, endpoint=abs(stop - start) < 360))
    ry = rx if ry is None else ry
    return np.stack([center[0] + rx * np.cos(angle), center[1] + ry * np.sin(angle)], axis=1)


def curve(start: Point, *pieces: tuple[Point, Point, Point], count: int = 14) -> np.ndarray:
    """A chain of cubic Bézier pieces, each (first control, second control, end)."""
    t = np.linspace(0, 1, count)[1:, None]
    points = [np.array([start], dtype=float)]
    for piece in pieces:
        a, (b, c, d) = points[-1][-1], np.array(piece, dtype=float)
        points.append((1 - t) ** 3 * a + 3 * (1 - t) ** 2 * t * b + 3 * (1 - t) * t**2 * c + t**3 * d)
    return np.concatenate(points)


def join(*pieces: np.ndarray) -> np.ndarray:
    """One polyline that runs through all pieces in turn."""
    return np.concatenate(pieces)


def star(points: int, inner: float, phase: float = 90.0) -> np.ndarray:
    """A star of outer radius 1 with its first tip at `phase` degrees; `inner` is the radius of its notches."""
    angle = np.radians(phase + np.arange(2 * points) * 180.0 / points)
    radius = np.where(np.arange(2 * points) % 2 == 0, 1.0, inner)
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)


def rounded_box(left: float, bottom: float, right: float, top: float, radius: float) -> np.ndarray:
    """A rectangle whose corners are quarter circles."""
    low_x, low_y, high_x, high_y = left + radius, bottom + radius, right - radius, top - radius
    centers = ((high_x, high_y), (low_x, high_y), (low_x, low_y), (high_x, low_y))
    return join(*(ellipse(center, radius, start=90 * i, stop=90 * i + 90, count=7) for i, center in enumerate(centers)))


def ribbon(points: np.ndarray, width: float) -> np.ndarray:
    """The outline of a band `width` wide along an open polyline."""
    along = np.gradient(points, axis=0)
    along /= np.linalg.norm(along, axis=1, keepdims=True)
    side = np.stack([-along[:, 1], along[:, 0]], axis=1) * width / 2
    return join(points + side, (points - side)[::-1])


def rotate(points: np.ndarray, degrees: float, about: Point = (0.0, 0.0)) -> np.ndarray:
    """The points turned anticlockwise."""
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return (points - about) @ np.array([[c, s], [-s, c]]) + about


def mirror(points: np.ndarray) -> np.ndarray:
    """The points with left and right exchanged."""
    return points * (-1.0, 1.0)


def warp(points: np.ndarray, waves: np.ndarray) -> np.ndarray:
    """The points moved by a smooth field, so that neighbouring parts stay together.

    Args:
        points: (n, 2), about -1…1.
        waves: (w, 5): each wave's frequency in x and y, phase, and shift in x and y.
    """
    height = np.sin(points @ waves[:, :2].T + waves[:, 2])
    return points + height @ waves[:, 3:]


def dense(points: np.ndarray, step: float, closed: bool) -> np.ndarray:
    """The polyline with extra points so that none is further than `step` from the next; corners are kept."""
    after = np.roll(points, -1, axis=0) if closed else points[1:]
    before = points if closed else points[:-1]
    pieces = []
    for a, b in zip(before, after, strict=True):
        count = max(1, int(np.ceil(np.hypot(*(b - a)) / step)))
        pieces.append(a + (b - a) * np.arange(count)[:, None] / count)
    if not closed:
        pieces.append(points[-1:])
    return join(*pieces)


def bounds(lines: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """The lowest and the highest x and y over all polylines."""
    points = np.concatenate(list(lines))
    return points.min(axis=0), points.max(axis=0)
