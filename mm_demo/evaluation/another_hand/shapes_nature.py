"""Living things with their parts: tree, fish, flower."""

from __future__ import annotations

import numpy as np

from mm_demo.evaluation.another_hand.geometry import curve, ellipse, join, mirror, polygon, ribbon, rotate
from mm_demo.evaluation.another_hand.palette import STEMS, WHITE, WOODS
from mm_demo.evaluation.another_hand.part import Drawer, Part


def _tree(rng: np.random.Generator) -> list[Part]:
    wood, trunk = str(rng.choice(WOODS)), rng.uniform(0.13, 0.2)
    style = rng.integers(4)
    if style == 0:  # fir
        tiers = int(rng.choice([2, 3]))
        parts = [Part(polygon((-trunk, -1.3), (trunk, -1.3), (trunk, -0.8), (-trunk, -0.8)), wood)]
        for tier in range(tiers):
            half, low = 0.85 - 0.2 * tier, -0.85 + 0.55 * tier
            parts.append(Part(polygon((-half, low), (half, low), (0, low + 0.95))))
        return parts
    foot = trunk * rng.uniform(1.1, 1.6)
    parts = [Part(polygon((-foot, -1.35), (foot, -1.35), (trunk * 0.8, 0.1), (-trunk * 0.8, 0.1)), wood)]
    if style == 1:  # a lollipop
        parts.append(Part(ellipse((0, 0.25), rng.uniform(0.72, 0.9), rng.uniform(0.72, 1.0), count=60)))
    elif style == 2:  # a cloud: the lobes' outer edge as one line
        lobes, radius = int(rng.choice([7, 8, 9])), rng.uniform(0.26, 0.32)
        angle = np.linspace(0, 2 * np.pi, 181)[:-1]
        reach = 0.68 + radius * np.abs(np.sin(angle * lobes / 2)) ** 0.7
        parts.append(Part(np.stack([reach * np.cos(angle) * 1.05, 0.3 + reach * np.sin(angle) * 0.92], axis=1)))
    else:  # three balls
        size = rng.uniform(0.48, 0.56)
        parts += [Part(ellipse(spot, size)) for spot in ((-0.45, 0.05), (0.45, 0.05), (0.0, 0.55))]
        parts.append(Part(ellipse((0, 0.15), size * 0.8), edged=False))
    if rng.random() < 0.2:
        spots = ((-0.4, 0.3), (0.35, 0.45), (0.05, 0.0), (-0.1, 0.65))
        parts += [Part(ellipse(spot, 0.075, count=14), WHITE) for spot in spots]
    return parts


def _fish(rng: np.random.Generator) -> list[Part]:
    high, tail = rng.uniform(0.42, 0.58), rng.uniform(0.36, 0.5)
    upper = curve(
        (-0.62, 0.0),
        ((-0.35, high * 0.95), (0.1, high * 1.25), (0.55, high * 0.85)),
        ((0.8, high * 0.55), (0.95, 0.2), (1.0, 0.0)),
    )
    body = join(upper, (upper * (1, -1))[::-1][1:-1])
    fins = str(rng.choice(["body", "shade", "tint"]))
    if rng.random() < 0.5:
        fan = polygon((-0.5, 0.0), (-1.05, tail), (-0.88, 0.0), (-1.05, -tail))
    else:
        fan = curve(
            (-0.5, 0.0),
            ((-0.7, 0.15), (-0.9, tail), (-1.1, tail * 1.1)),
            ((-0.98, tail * 0.4), (-0.98, -tail * 0.4), (-1.1, -tail * 1.1)),
            ((-0.9, -tail), (-0.7, -0.15), (-0.5, 0.0)),
        )
    parts = [Part(fan, fins)]
    if rng.random() < 0.7:
        parts.append(Part(curve((-0.15, high * 0.8), ((-0.2, high * 1.3), (0.0, high * 1.5), (0.15, high * 1.45)),
                                ((0.3, high * 1.3), (0.4, high), (0.45, high * 0.8))), fins))  # fmt: skip
    parts.append(Part(body))
    if rng.random() < 0.4:
        parts.append(Part(polygon((0.05, -0.05), (-0.25, 0.12), (-0.22, -0.25)), fins))
    if rng.random() < 0.6:
        parts.append(Part(ellipse((0.38, 0.0), 0.14, high * 0.75, start=-75, stop=75, count=14), None))
    eye = (0.66, 0.16)
    parts += [Part(ellipse(eye, 0.11, count=20), WHITE), Part(ellipse(eye, 0.055, count=14), "#111111", edged=False)]
    if rng.random() < 0.6:
        parts.append(Part(curve((0.95, -0.14), ((0.88, -0.18), (0.82, -0.2), (0.76, -0.18))), None))
    flip, tilt = rng.random() < 0.5, rng.uniform(-15, 15) if rng.random() < 0.3 else 0.0
    return [Part(rotate(mirror(p.points) if flip else p.points, tilt), p.paint, p.edged) for p in parts]


def _leaf(side: float, low: float) -> np.ndarray:
    return curve((0, low), ((side * 0.15, low + 0.35), (side * 0.4, low + 0.4), (side * 0.58, low + 0.36)),
                 ((side * 0.5, low + 0.12), (side * 0.25, low), (0, low)))  # fmt: skip


def _flower(rng: np.random.Generator) -> list[Part]:
    green, bend, low = str(rng.choice(STEMS)), rng.uniform(-0.15, 0.15), -rng.uniform(1.25, 1.6)
    stem = curve((0, 0), ((bend, low * 0.3), (bend, low * 0.7), (0, low)))
    parts = [Part(ribbon(stem, rng.uniform(0.08, 0.12)), green)]
    sides = ((-1.0, 1.0), (1.0,), (-1.0,))[rng.integers(3)]
    parts += [Part(_leaf(side, low + 0.1 + 0.1 * (side > 0)), green) for side in sides]
    if rng.random() < 0.2:  # a tulip
        half = curve((0, -0.1), ((0.6, -0.1), (0.75, 0.4), (0.6, 0.95)), ((0.5, 0.8), (0.4, 0.6), (0.3, 0.55)),
                     ((0.2, 0.65), (0.1, 0.8), (0, 1.0)))  # fmt: skip
        parts.append(Part(join(half, mirror(half)[::-1][1:-1])))
        return parts
    petals, reach = int(rng.choice([5, 6, 7, 8])), rng.uniform(0.5, 0.6)
    width = reach * np.sin(np.pi / petals) * rng.uniform(1.0, 1.2)
    petal = ellipse((reach, 0), 0.38, max(width, 0.2))
    turn = rng.uniform(0, 360 / petals)
    parts += [Part(rotate(petal, turn + 360 / petals * index)) for index in range(petals)]
    parts.append(Part(ellipse((0, 0), rng.uniform(0.22, 0.3)), "middle"))
    return parts


LIVING: dict[str, Drawer] = {"tree": _tree, "fish": _fish, "flower": _flower}
