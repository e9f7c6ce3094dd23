"""One piece of a drawn object."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Part:
    """A filled area, or with `paint` left out a thin line drawn on top of areas.

    Attributes:
        points: (n, 2), x to the right and y up, in any unit that the object's parts share.
        paint: a name that `palette.paint_of` knows or a hex colour, or None for a line.
        edged: whether an area is outlined where the picture's style outlines areas.
    """

    points: np.ndarray
    paint: str | None = "body"
    edged: bool = True


Drawer = Callable[[np.random.Generator], list[Part]]
"""Draws one object from back to front, in proportions that the generator chooses."""
