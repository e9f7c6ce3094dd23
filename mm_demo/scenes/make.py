"""One seed in, one picture with its truth out."""

from __future__ import annotations

import io
from typing import Literal

import numpy as np
from PIL import Image, ImageDraw

from mm_demo.scenes.backgrounds import background, grain
from mm_demo.scenes.drawing import outline_of, paint, random_style
from mm_demo.scenes.layout import places
from mm_demo.scenes.truth import COLORS, HELD_OUT_PAIRS, KINDS, Scene, SceneObject

Split = Literal["train", "test", "pairs"]
_SALT: dict[str, int] = {"train": 0, "test": 1, "pairs": 2}
_SUPERSAMPLING = 2


def make_scene(seed: int, size: int = 128, split: Split = "test") -> Scene:
    """Draw the picture that belongs to a seed.

    Args:
        seed: any non-negative integer; the splits never share a random stream.
        size: side of the square picture in pixels.
        split: "train" and "test" avoid `HELD_OUT_PAIRS`; in "pairs" every picture has at least one of them.

    Returns:
        The picture with 1 to 5 objects.
    """
    rng = np.random.default_rng((_SALT[split], seed))
    count = int(rng.choice([1, 2, 3, 4, 5], p=[0.14, 0.24, 0.26, 0.2, 0.16]))
    spots = places(count, rng)
    names = [_kind_and_color(rng) for _ in spots]
    if split == "pairs":
        held = sorted(HELD_OUT_PAIRS)
        color, kind = held[rng.integers(len(held))]
        names[rng.integers(len(names))] = (kind, color)
    elif len(names) > 1 and rng.random() < 0.35:
        _repeat(names, rng)

    side = size * _SUPERSAMPLING
    canvas = background(side, rng)
    labels = Image.new("L", (side, side), 0)
    on_canvas, on_labels = ImageDraw.Draw(canvas), ImageDraw.Draw(labels)
    style = random_style(rng)
    squeeze = rng.uniform(0.75, 1.0) if rng.random() < 0.5 else 1.0
    for label, (spot, (kind, color)) in enumerate(zip(spots, names, strict=True), start=1):
        parts = outline_of(kind, rng, style.unsteady)
        extent = spot.extent * side
        paint(
            on_canvas, on_labels, label, parts, color,
            (spot.x * side, spot.y * side), (extent * squeeze, extent), style, rng,
        )  # fmt: skip
    picture = _photographed(canvas.resize((size, size), Image.Resampling.BOX), rng)
    shown = np.asarray(labels)[_SUPERSAMPLING // 2 :: _SUPERSAMPLING, _SUPERSAMPLING // 2 :: _SUPERSAMPLING]
    objects = []
    for label, (spot, (kind, color)) in enumerate(zip(spots, names, strict=True), start=1):
        mask = shown == label
        rows, cols = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
        box = (int(cols[0]) / size, int(rows[0]) / size, int(cols[-1] + 1) / size, int(rows[-1] + 1) / size)
        objects.append(SceneObject(kind, color, spot.size, box, mask))
    return Scene(picture, tuple(objects))


def _kind_and_color(rng: np.random.Generator) -> tuple[str, str]:
    while True:
        kind, color = KINDS[rng.integers(len(KINDS))], COLORS[rng.integers(len(COLORS))]
        if (color, kind) not in HELD_OUT_PAIRS:
            return kind, color


def _repeat(names: list[tuple[str, str]], rng: np.random.Generator) -> None:
    """Give one object another's kind or colour, so that counting and "which of the two" have something to ask."""
    a, b = rng.choice(len(names), 2, replace=False)
    (kind_a, color_a), (kind_b, color_b) = names[a], names[b]
    changed = (kind_a, color_b) if rng.random() < 0.5 else (kind_b, color_a)
    if (changed[1], changed[0]) not in HELD_OUT_PAIRS:
        names[b] = changed


def _photographed(image: Image.Image, rng: np.random.Generator) -> np.ndarray:
    """The picture as it arrives: seldom blurred, noisy, darker, or through JPEG."""
    if rng.random() < 0.2:
        side = image.size[0]
        small = round(side * rng.uniform(0.55, 0.9))
        image = image.resize((small, small), Image.Resampling.BILINEAR).resize((side, side), Image.Resampling.BILINEAR)
    if rng.random() < 0.25:
        buffer = io.BytesIO()
        image.save(buffer, "JPEG", quality=int(rng.integers(45, 95)))
        image = Image.open(buffer).convert("RGB")
    pixels = np.asarray(image)
    if rng.random() < 0.3:
        noise = grain(pixels.shape[0], rng)[..., None] * rng.uniform(2, 9)
        pixels = np.clip(pixels * rng.uniform(0.88, 1.0) + noise, 0, 255).astype(np.uint8)
    return pixels
