"""Colours: what each name covers, and what parts that aren't the body may be painted."""

from __future__ import annotations

import numpy as np

from mm_demo.scenes.geometry import Role

Rgb = tuple[int, int, int]

SHADES: dict[str, tuple[Rgb, ...]] = {
    "red": ((255, 0, 0), (220, 30, 30), (200, 0, 0), (230, 57, 70), (178, 24, 24), (239, 65, 53), (230, 25, 75)),
    "green": ((0, 128, 0), (34, 139, 34), (60, 180, 75), (0, 200, 0), (46, 139, 87), (102, 187, 68), (0, 100, 0),
              (124, 200, 50), (0, 255, 0), (50, 205, 50)),
    "blue": ((0, 0, 255), (30, 80, 220), (67, 99, 216), (0, 0, 139), (30, 144, 255), (65, 105, 225), (0, 90, 180),
             (70, 150, 235)),
    "yellow": ((255, 225, 25), (255, 255, 0), (255, 215, 0), (250, 210, 50), (240, 220, 60), (255, 240, 80)),
    "purple": ((128, 0, 128), (145, 30, 180), (120, 60, 190), (102, 51, 153), (148, 0, 211), (138, 43, 226),
               (160, 80, 200)),
    "orange": ((255, 140, 0), (245, 130, 49), (255, 160, 0), (240, 110, 20), (255, 120, 30), (230, 126, 34)),
    "pink": ((255, 105, 180), (255, 143, 199), (255, 182, 193), (255, 192, 203), (250, 120, 170), (244, 143, 177),
             (255, 80, 160)),
    "black": ((0, 0, 0), (15, 15, 15), (28, 28, 32), (45, 45, 45)),
}  # fmt: skip

NATURAL: dict[Role, tuple[Rgb, ...]] = {
    "roof": ((139, 69, 19), (160, 82, 45), (120, 120, 120), (178, 80, 60), (90, 60, 50), (70, 70, 80)),
    "trunk": ((139, 69, 19), (101, 67, 33), (120, 80, 40), (90, 60, 40), (110, 110, 110)),
    "wheel": ((30, 30, 30), (50, 50, 50), (80, 80, 80), (0, 0, 0), (110, 110, 110)),
    "window": ((190, 225, 255), (230, 240, 250), (255, 255, 255), (170, 210, 230), (255, 250, 190), (200, 200, 200)),
    "sail": ((255, 255, 255), (245, 240, 220), (230, 230, 235), (250, 245, 200)),
    "eye": ((255, 255, 255), (0, 0, 0), (20, 20, 20)),
    "centre": ((255, 220, 60), (250, 200, 0), (255, 255, 255), (130, 80, 30), (255, 165, 0)),
    "stem": ((34, 139, 34), (60, 160, 60), (0, 110, 0), (90, 170, 70)),
}


def shade_of(name: str, rng: np.random.Generator) -> Rgb:
    """A random shade that people call by this name."""
    anchors = SHADES[name]
    base = np.array(anchors[rng.integers(len(anchors))]) + rng.normal(0, 7, 3)
    return _clip(base)


def scaled(color: Rgb, factor: float) -> Rgb:
    """Darker for a factor under 1; towards white for one above it."""
    base = np.array(color, dtype=float)
    return _clip(base * factor if factor <= 1 else 255 - (255 - base) * (2 - factor))


def part_color(role: Role, body: Rgb, rng: np.random.Generator) -> Rgb:
    """What a part that is not the body is painted: its natural colour, or a shade of the body."""
    choices = NATURAL.get(role)
    if choices is None or rng.random() < 0.22:
        return scaled(body, rng.uniform(0.5, 0.75) if rng.random() < 0.6 or max(body) < 60 else rng.uniform(1.3, 1.6))
    if role == "sail" and rng.random() < 0.35:
        return body
    return _clip(np.array(choices[rng.integers(len(choices))]) + rng.normal(0, 6, 3))


def _clip(rgb: np.ndarray) -> Rgb:
    r, g, b = np.clip(rgb, 0, 255).astype(int).tolist()
    return r, g, b
