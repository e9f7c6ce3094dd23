"""Outlines in a unit square: parts, curves, and the ways a hand varies them. y points down."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

Points = np.ndarray
"""(n, 2) float array of x, y."""

Role = Literal["body", "roof", "trunk", "wheel", "window", "sail", "eye", "centre", "stem", "shade"]


@dataclass(frozen=True)
class Part:
    """One closed outline, or an open line where `thickness` (in units of the shape) is given.

    Attributes:
        points: (n, 2) outline in order.
        role: what the part is; "body" bears the object's named colour.
        thickness: None for a filled outline, else the width of the line.
    """

    points: Points
    role: Role = "body"
    thickness: float | None = None


def polygon(*points: tuple[float, float]) -> Points:
    """The corners as an array."""
    return np.array(points, dtype=float)


def ellipse(x: float, y: float, rx: float, ry: float, start: float = 0.0, stop: float = 360.0, n: int = 28) -> Points:
    """Points along an ellipse's arc, angles in degrees, clockwise on the screen from the right."""
    angles = np.radians(np.linspace(start, stop, n, endpoint=abs(stop - start) < 360))
    return np.stack([x + rx * np.cos(angles), y + ry * np.sin(angles)], axis=1)


def rectangle(left: float, top: float, right: float, bottom: float) -> Points:
    """Four corners, clockwise from the top left."""
    return polygon((left, top), (right, top), (right, bottom), (left, bottom))


def densify(points: Points, step: float, closed: bool) -> Points:
    """The same outline with a point at least every `step` units."""
    ends = np.roll(points, -1, axis=0) if closed else points[1:]
    starts = points if closed else points[:-1]
    counts = np.maximum(1, np.ceil(np.hypot(*(ends - starts).T) / step)).astype(int)
    pieces = [s + (e - s) * np.arange(c)[:, None] / c for s, e, c in zip(starts, ends, counts, strict=True)]
    return np.concatenate(pieces if closed else [*pieces, points[-1:]])


def wobble(points: Points, rng: np.random.Generator, amount: float, closed: bool = True) -> Points:
    """The outline as an unsteady hand draws it: displaced by smooth noise of about `amount` units."""
    dense = densify(points, 0.12, closed)
    n = len(dense)
    along = np.linspace(0, 2 * np.pi, n, endpoint=False)[:, None]
    shift = np.zeros((n, 2))
    for frequency in (1, 2, 3, 5, 8):
        phase = rng.uniform(0, 2 * np.pi, 2)
        shift += rng.normal(0, 1, 2) * np.sin(frequency * along + phase) / frequency**0.7
    return dense + 0.7 * amount * shift
