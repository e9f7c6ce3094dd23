"""The eight kinds without parts. Each function draws one variant of its kind with the given random source."""

from __future__ import annotations

import numpy as np

from mm_demo.scenes.geometry import Part, ellipse, polygon


def circle(rng: np.random.Generator) -> list[Part]:
    """A disc."""
    return [Part(ellipse(0, 0, 1, 1, n=36))]


def square(rng: np.random.Generator) -> list[Part]:
    """Four right angles, sides within 12 % of each other."""
    h = rng.uniform(0.9, 1.1)
    return [Part(polygon((-1, -h), (1, -h), (1, h), (-1, h)))]


def triangle(rng: np.random.Generator) -> list[Part]:
    """Isosceles, sometimes leaning or right-angled, apex up, now and then down."""
    apex = rng.choice([0.0, rng.uniform(-0.4, 0.4), rng.choice([-1.0, 1.0])], p=[0.7, 0.2, 0.1])
    height = rng.uniform(0.8, 1.05)
    up = 1.0 if rng.random() < 0.9 else -1.0
    return [Part(polygon((apex, -height * up), (1, height * up), (-1, height * up)))]


def star(rng: np.random.Generator) -> list[Part]:
    """Five points, seldom six or four; the inner radius varies. Now and then drawn in one stroke, as a pentagram."""
    if rng.random() < 0.08:
        tips = -np.pi / 2 + np.arange(6) * 4 * np.pi / 5
        return [Part(np.stack([np.cos(tips), np.sin(tips)], axis=1), thickness=rng.uniform(0.08, 0.2))]
    points = int(rng.choice([5, 6, 4], p=[0.88, 0.07, 0.05]))
    inner = rng.uniform(0.36, 0.56) if points > 4 else rng.uniform(0.3, 0.42)
    angles = -np.pi / 2 + np.arange(2 * points) * np.pi / points
    radii = np.where(np.arange(2 * points) % 2 == 0, 1.0, inner)
    return [Part(np.stack([radii * np.cos(angles), radii * np.sin(angles)], axis=1))]


def heart(rng: np.random.Generator) -> list[Part]:
    """The classic curve, or two round lobes over a pointed end."""
    if rng.random() < 0.6:
        t = np.linspace(0, 2 * np.pi, 36, endpoint=False)
        x = 16 * np.sin(t) ** 3
        y = -(13 * np.cos(t) - rng.uniform(4.2, 6) * np.cos(2 * t) - 2 * np.cos(3 * t) - np.cos(4 * t))
        return [Part(np.stack([x / 16, y / 16], axis=1))]
    lobe, depth = rng.uniform(0.46, 0.52), rng.uniform(0.9, 1.15)
    left = ellipse(-lobe, -0.3, 0.52, rng.uniform(0.45, 0.6), 150, 350, 14)
    right = left[::-1] * (-1, 1)
    return [Part(np.concatenate([left, right, polygon((0, depth))]))]


def cross(rng: np.random.Generator) -> list[Part]:
    """A plus sign; sometimes the lower arm is longer."""
    w, low = rng.uniform(0.2, 0.38), 1.0 if rng.random() < 0.8 else rng.uniform(1.15, 1.5)
    if rng.random() < 0.2:
        bars = polygon((0, -1), (0, low)), polygon((-1, 0), (1, 0))
        return [Part(bar, thickness=w) for bar in bars]
    return [
        Part(
            polygon(
                (-w, -1), (w, -1), (w, -w), (1, -w), (1, w), (w, w),
                (w, low), (-w, low), (-w, w), (-1, w), (-1, -w), (-w, -w),
            )
        )
    ]  # fmt: skip


def moon(rng: np.random.Generator) -> list[Part]:
    """A crescent: a disc less a shifted disc."""
    half = rng.uniform(105, 150)
    outer = ellipse(0, 0, 1, 1, 180 - half, 180 + half, 24)
    tip_x, tip_y = outer[0]
    bulge = rng.uniform(0.3, 0.75)
    bend = np.linspace(1, -1, 16)[1:-1]
    # The inner edge bows from tip to tip towards the crescent's back.
    inner_x = tip_x - (tip_x + 1) * bulge * (1 - bend**2) ** rng.uniform(0.6, 1.0)
    inner = np.stack([inner_x, -tip_y * bend], axis=1) if tip_y < 0 else np.stack([inner_x, tip_y * -bend], axis=1)
    points = np.concatenate([outer, inner])
    return [Part(points * (1 if rng.random() < 0.5 else -1, 1))]


def arrow(rng: np.random.Generator) -> list[Part]:
    """A block arrow, or a line with a head, pointing right before it is turned."""
    shaft, neck, head = rng.uniform(0.1, 0.3), rng.uniform(-0.1, 0.35), rng.uniform(0.5, 0.8)
    if rng.random() < 0.75:
        back = rng.uniform(0, 0.2) if rng.random() < 0.25 else 0.0
        return [
            Part(
                polygon(
                    (-1, -shaft), (neck, -shaft), (neck - back, -head), (1, 0),
                    (neck - back, head), (neck, shaft), (-1, shaft),
                )
            )
        ]  # fmt: skip
    width = rng.uniform(0.14, 0.24)
    return [
        Part(polygon((-1, 0), (0.95, 0)), thickness=width),
        Part(polygon((neck + 0.1, -head * 0.9), (0.95, 0), (neck + 0.1, head * 0.9)), thickness=width),
    ]
