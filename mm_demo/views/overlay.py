"""A picture under its map: the map is enlarged, coloured, and laid over the picture."""

from __future__ import annotations

import numpy as np
from PIL import Image

from mm_demo.views.colors import viridis

OPACITY = 0.7
"""How strongly the map covers the picture where it is highest, 0…1."""


def relative(values: np.ndarray) -> np.ndarray:
    """The map scaled so that its own highest value is 1, or all 0: (rows, cols) float32 in 0…1."""
    values = np.nan_to_num(np.asarray(values, dtype=np.float32), nan=0.0, posinf=0.0, neginf=0.0).clip(min=0)
    highest = float(values.max(initial=0.0))
    return values / highest if highest > 0 else values


def enlarge(values: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Interpolates a (rows, cols) map between the middles of its cells to (height, width); `size` = (width, height)."""
    return np.asarray(Image.fromarray(np.asarray(values, dtype=np.float32)).resize(size, Image.Resampling.BILINEAR))


def coverage(values: np.ndarray, opacity: float) -> np.ndarray:
    """How much of the colour shows at each value 0…1: low values leave the picture as it is, 0…`opacity`."""
    return opacity * np.minimum(1.0, values * 1.6)


def overlay(picture: Image.Image, values: np.ndarray, opacity: float = OPACITY) -> Image.Image:
    """The RGB picture with its (rows, cols) map over it, relative to the map's own highest value."""
    strength = enlarge(relative(values), picture.size).clip(0, 1)
    colour = viridis()[(strength * 255).round().astype(np.uint8)].astype(np.float32)
    alpha = coverage(strength, opacity)[..., None]
    base = np.asarray(picture.convert("RGB"), dtype=np.float32)
    return Image.fromarray((base * (1 - alpha) + colour * alpha).round().astype(np.uint8))
