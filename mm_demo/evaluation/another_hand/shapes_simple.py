"""The plain kinds: circle, square, triangle, star, heart, cross, moon, arrow."""

from __future__ import annotations

import numpy as np

from mm_demo.evaluation.another_hand.geometry import (
    box,
    curve,
    ellipse,
    join,
    mirror,
    polygon,
    rotate,
    rounded_box,
    star,
)
from mm_demo.evaluation.another_hand.palette import WHITE
from mm_demo.evaluation.another_hand.part import Drawer, Part


def _circle(rng: np.random.Generator) -> list[Part]:
    parts = [Part(ellipse((0, 0), 1, count=72))]
    if rng.random() < 0.2:
        shine = rotate(ellipse((-0.07, 0.63), 0.2, 0.11), 35)
        parts.append(Part(shine, WHITE, edged=False))
    return parts


def _square(rng: np.random.Generator) -> list[Part]:
    outline = box(-1, -1, 1, 1) if rng.random() < 0.7 else rounded_box(-1, -1, 1, 1, rng.uniform(0.08, 0.2))
    return [Part(rotate(outline, rng.uniform(-12, 12) if rng.random() < 0.3 else 0))]


def _triangle(rng: np.random.Generator) -> list[Part]:
    style = rng.random()
    if style < 0.5:
        outline = star(3, 0.5)[::2]
    elif style < 0.8:
        outline = polygon((-1, -0.8), (1, -0.8), (0, rng.uniform(0.5, 1.2)))
    else:
        outline = polygon((-1, -0.8), (1, -0.8), (-1, rng.uniform(0.7, 1.0)))
    return [Part(rotate(outline, rng.uniform(-20, 20) if rng.random() < 0.3 else 0))]


def _star(rng: np.random.Generator) -> list[Part]:
    outline = star(5, rng.uniform(0.38, 0.5)) if rng.random() < 0.9 else star(6, 0.55)
    return [Part(rotate(outline, rng.uniform(-18, 18) if rng.random() < 0.4 else 0))]


def _heart(rng: np.random.Generator) -> list[Part]:
    tip, dip, top = rng.uniform(-1.0, -0.85), rng.uniform(0.4, 0.55), rng.uniform(0.95, 1.15)
    half = curve((0, dip), ((0.15, top), (1.0, top), (1.0, 0.35)), ((1.0, -0.1), (0.45, -0.4), (0, tip)))
    outline = join(half, mirror(half)[::-1][1:-1])
    return [Part(rotate(outline, rng.uniform(-15, 15) if rng.random() < 0.3 else 0))]


def _cross(rng: np.random.Generator) -> list[Part]:
    arm = rng.uniform(0.2, 0.38)
    left, low, high = -1.0, -1.0, 1.0
    if rng.random() < 0.25:
        left, low, high, arm = -0.75, -1.3, 0.85, min(arm, 0.27)
    outline = polygon(
        (-arm, low), (arm, low), (arm, -arm), (-left, -arm), (-left, arm), (arm, arm),
        (arm, high), (-arm, high), (-arm, arm), (left, arm), (left, -arm), (-arm, -arm),
    )  # fmt: skip
    turn = 45.0 if rng.random() < 0.12 else rng.uniform(-10, 10) if rng.random() < 0.3 else 0.0
    return [Part(rotate(outline, turn))]


def _moon(rng: np.random.Generator) -> list[Part]:
    half_opening = rng.uniform(48, 66)
    outer = ellipse((0, 0), 1, start=half_opening, stop=360 - half_opening, count=50)
    horn = outer[0]
    center = horn[0] + rng.uniform(0.1, 0.3)
    radius = np.hypot(center - horn[0], horn[1])
    angle = np.degrees(np.arctan2(horn[1], horn[0] - center))
    inner = ellipse((center, 0), radius, start=360 - angle, stop=angle, count=40)
    outline = rotate(join(outer, inner[1:-1]), rng.uniform(-25, 35))
    return [Part(mirror(outline) if rng.random() < 0.4 else outline)]


def _arrow(rng: np.random.Generator) -> list[Part]:
    shaft, head, wing = rng.uniform(0.17, 0.28), rng.uniform(0.0, 0.3), rng.uniform(0.55, 0.75)
    barb = rng.uniform(0.0, 0.12) if rng.random() < 0.3 else 0.0
    outline = polygon(
        (-1, -shaft), (head, -shaft), (head - barb, -wing), (1, 0), (head - barb, wing), (head, shaft), (-1, shaft)
    )
    turn = 90.0 * rng.integers(4) + (rng.choice([-45.0, 45.0]) if rng.random() < 0.15 else rng.uniform(-6, 6))
    return [Part(rotate(outline, turn))]


SIMPLE: dict[str, Drawer] = {
    "circle": _circle,
    "square": _square,
    "triangle": _triangle,
    "star": _star,
    "heart": _heart,
    "cross": _cross,
    "moon": _moon,
    "arrow": _arrow,
}
