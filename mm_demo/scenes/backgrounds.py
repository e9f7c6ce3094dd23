"""What lies behind the objects: plain, gradient, paper, texture, noise, or sky over grass."""

from __future__ import annotations

import numpy as np
from PIL import Image

from mm_demo.scenes.palette import Rgb

_GRAIN = np.random.default_rng(0).normal(0, 1, (1024, 1024)).astype(np.float32)
"""One bank of noise, cut at random places: drawing fresh noise would cost more than the whole scene."""


def grain(size: int, rng: np.random.Generator) -> np.ndarray:
    """(size, size) standard normal noise."""
    if size > 1024:
        return rng.standard_normal((size, size)).astype(np.float32)
    y, x = rng.integers(0, 1025 - size, 2)
    return _GRAIN[y : y + size, x : x + size]


def pale(rng: np.random.Generator) -> Rgb:
    """White, off-white, light grey, or a pastel."""
    pick = rng.random()
    if pick < 0.45:
        return (255, 255, 255)
    if pick < 0.65:
        grey = int(rng.integers(200, 252))
        return (grey, grey, grey)
    low = rng.uniform(195, 235)
    r, g, b = rng.uniform(low, 255, 3).astype(int).tolist()
    return r, g, b


def background(size: int, rng: np.random.Generator) -> Image.Image:
    """A (size, size) RGB picture with nothing on it."""
    pick = rng.random()
    if pick < 0.5:
        return Image.new("RGB", (size, size), pale(rng))
    if pick < 0.72:
        corners = np.array([pale(rng), pale(rng), pale(rng), pale(rng)], dtype=np.uint8).reshape(2, 2, 3)
        if rng.random() < 0.5:
            corners[:, 1] = corners[:, 0]
        return Image.fromarray(corners).resize((size, size), Image.Resampling.BILINEAR)
    if pick < 0.82:
        cells = int(rng.integers(4, 24))
        tone = np.array(pale(rng)) * 0.96
        texture = tone + grain(cells, rng)[..., None] * rng.uniform(3, 10)
        small = Image.fromarray(np.clip(texture, 0, 255).astype(np.uint8))
        return small.resize((size, size), Image.Resampling.BICUBIC)
    if pick < 0.9:
        sheet = Image.new("RGB", (size, size), pale(rng))
        step, line = int(rng.integers(size // 14, size // 5)), tuple(int(v) for v in rng.integers(170, 225, 3))
        for at in range(step // 2, size, step):
            sheet.paste(line, (0, at, size, at + max(1, size // 128)))
            if pick < 0.86:
                sheet.paste(line, (at, 0, at + max(1, size // 128), size))
        return sheet
    sky = (int(rng.integers(150, 215)), int(rng.integers(200, 235)), int(rng.integers(235, 256)))
    grass = (int(rng.integers(130, 200)), int(rng.integers(190, 225)), int(rng.integers(110, 170)))
    field = Image.new("RGB", (size, size), sky)
    field.paste(grass, (0, int(size * rng.uniform(0.6, 0.88)), size, size))
    return field
