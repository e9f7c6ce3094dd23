"""An embedder that needs no model, and pictures for it."""

from __future__ import annotations

import colorsys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image

SIDE = 4


@dataclass
class Colours:
    """The mean colours of a picture's sixteen parts."""

    model: str = "colours"
    revision: str = "1"
    batch: int = 4
    seconds: float = 0.0
    """How long a batch takes."""
    seen: list[int] = field(default_factory=list)
    dimensions: int = SIDE * SIDE * 3

    def embed_pictures(self, pictures: Sequence[Image.Image]) -> np.ndarray:
        time.sleep(self.seconds)
        self.seen.append(len(pictures))
        return np.stack([vector(picture) for picture in pictures])


def vector(picture: Image.Image) -> np.ndarray:
    """(48,), of length 1."""
    parts = np.asarray(picture.convert("RGB").resize((SIDE, SIDE), Image.Resampling.BOX), np.float32) - 127.5
    flat = parts.reshape(-1)
    return flat / np.linalg.norm(flat)


def save_pictures(folder: Path, n: int, seed: int = 0) -> list[Path]:
    """n different noisy pictures, 20 × 16, in three folders."""
    draw = np.random.default_rng(seed)
    paths = []
    for i in range(n):
        path = folder / ("", "a", "a/deep")[i % 3] / f"picture {seed}-{i}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        colour = np.array(colorsys.hsv_to_rgb(i / n, 0.8, 0.9)) * 255
        pixels = np.clip(colour + draw.normal(0, 40, (16, 20, 3)), 0, 255).astype(np.uint8)
        Image.fromarray(pixels).save(path)
        paths.append(path)
    return paths
