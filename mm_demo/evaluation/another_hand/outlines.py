"""Every kind as the lines that a person draws with one pen: the outline first, then what tells it apart."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from mm_demo.evaluation.another_hand.geometry import (
    box,
    curve,
    ellipse,
    join,
    mirror,
    polygon,
    rotate,
    star,
)


@dataclass(frozen=True)
class Line:
    """One movement of the pen.

    Attributes:
        points: (n, 2), x to the right and y up, in any unit that the object's lines share.
        closed: whether the pen means to come back to where it began; what it encloses is part of the object.
    """

    points: np.ndarray
    closed: bool = True


Outliner = Callable[[np.random.Generator], list[Line]]


def _circle(rng: np.random.Generator) -> list[Line]:
    begin = rng.uniform(0, 360)
    turn = rng.choice([-1, 1])
    return [Line(ellipse((0, 0), 1, rng.uniform(0.88, 1.08), start=begin, stop=begin + turn * 360, count=60))]


def _square(rng: np.random.Generator) -> list[Line]:
    return [Line(box(-1, -rng.uniform(0.92, 1.05), 1, 1))]


def _triangle(rng: np.random.Generator) -> list[Line]:
    return [Line(polygon((rng.uniform(-0.15, 0.15), rng.uniform(0.7, 1.1)), (-1, -0.8), (1, -0.8)))]


def _star(rng: np.random.Generator) -> list[Line]:
    if rng.random() < 0.35:  # in one go, crossing itself
        return [Line(star(5, 0.4)[::2][[1, 4, 2, 0, 3]])]
    return [Line(star(5, rng.uniform(0.38, 0.48)))]


def _heart(rng: np.random.Generator) -> list[Line]:
    tip, dip = rng.uniform(-1.05, -0.85), rng.uniform(0.35, 0.5)
    half = curve((0, dip), ((0.2, 1.1), (1.05, 1.05), (1.0, 0.3)), ((0.95, -0.15), (0.4, -0.5), (0, tip)))
    return [Line(join(half, mirror(half)[::-1][1:-1]))]


def _cross(rng: np.random.Generator) -> list[Line]:
    arm, style = rng.uniform(0.25, 0.38), rng.random()
    if style < 0.25:  # two lines
        high = rng.choice([0.0, 0.35])
        return [Line(polygon((0, 1), (0, -1)), closed=False), Line(polygon((-0.85, high), (0.85, high)), closed=False)]
    return [
        Line(polygon(
            (-arm, 1), (arm, 1), (arm, arm), (1, arm), (1, -arm), (arm, -arm),
            (arm, -1), (-arm, -1), (-arm, -arm), (-1, -arm), (-1, arm), (-arm, arm),
        ))
    ]  # fmt: skip


def _moon(rng: np.random.Generator) -> list[Line]:
    outer = ellipse((0, 0), 1, start=62, stop=298, count=44)
    deep = rng.uniform(-0.5, -0.25)
    inner = curve((outer[-1][0], outer[-1][1]), ((deep, -0.6), (deep, 0.6), (outer[0][0], outer[0][1])))
    outline = rotate(join(outer, inner[1:-1]), rng.uniform(-15, 30))
    return [Line(mirror(outline) if rng.random() < 0.4 else outline)]


def _arrow(rng: np.random.Generator) -> list[Line]:
    turn = 90.0 * rng.integers(4) + rng.uniform(-8, 8)
    if rng.random() < 0.35:
        lines = [
            Line(polygon((-1, 0), (1, 0)), closed=False),
            Line(polygon((0.45, 0.45), (1, 0), (0.45, -0.45)), closed=False),
        ]
    else:
        shaft, head = rng.uniform(0.18, 0.27), rng.uniform(0.1, 0.3)
        lines = [
            Line(polygon(
                (-1, shaft), (head, shaft), (head, 0.62), (1, 0), (head, -0.62), (head, -shaft), (-1, -shaft),
            ))
        ]  # fmt: skip
    return [Line(rotate(line.points, turn), line.closed) for line in lines]


def _house(rng: np.random.Generator) -> list[Line]:
    half, wall, peak = rng.uniform(0.8, 1.0), rng.uniform(0.95, 1.2), rng.uniform(0.6, 0.85)
    lines = [Line(box(-half, 0, half, wall))]
    eave = half + rng.choice([0.0, 0.14])
    lines.append(Line(polygon((-eave, wall), (0, wall + peak), (eave, wall))))
    lines.append(Line(polygon((-0.2, 0), (-0.2, wall * 0.55), (0.18, wall * 0.55), (0.18, 0)), closed=False))
    if rng.random() < 0.7:
        lines.append(Line(box(half * 0.42, wall * 0.45, half * 0.8, wall * 0.8)))
    if rng.random() < 0.5:
        x = half * 0.5
        edge = wall + peak * (1 - x / eave)
        lines.append(
            Line(polygon((x, edge), (x, wall + peak), (x + 0.24, wall + peak), (x + 0.24, edge - 0.2)), closed=False)
        )
    return lines


def _tree(rng: np.random.Generator) -> list[Line]:
    trunk = rng.uniform(0.16, 0.22)
    if rng.random() < 0.35:  # a fir
        side = polygon((0, 1.2), (0.5, 0.5), (0.25, 0.5), (0.72, -0.1), (0.4, -0.1), (0.9, -0.75))
        crown, low = join(side, mirror(side)[::-1][:-1]), -0.75
    else:
        lobes = int(rng.integers(6, 9))
        angle = np.linspace(0, 2 * np.pi, 121)[:-1] - np.pi / 2
        reach = 0.7 + 0.2 * np.abs(np.sin((angle + np.pi / 2) * lobes / 2)) ** 0.8
        if rng.random() < 0.35:
            reach = np.full_like(angle, 0.8)
        crown, low = np.stack([reach * np.cos(angle), 0.3 + reach * np.sin(angle)], axis=1), -0.42
    foot = polygon((-trunk, low), (-trunk * 1.1, -1.35), (trunk * 1.1, -1.35), (trunk, low))
    return [Line(crown), Line(foot, closed=False)]


def _car(rng: np.random.Generator) -> list[Line]:
    wheel, spot = rng.uniform(0.18, 0.23), rng.uniform(0.52, 0.6)
    roof = rng.uniform(0.78, 0.92)
    body = polygon((-1, 0), (-1, 0.4), (-0.62, 0.44), (-0.42, roof), (0.28, roof), (0.55, 0.44), (1, 0.38), (1, 0))
    lines = [Line(body)]
    lines += [Line(ellipse((x, -0.02), wheel, start=90, stop=450, count=30)) for x in (-spot, spot)]
    inner = roof - 0.12
    lines.append(Line(polygon((-0.48, 0.46), (-0.36, inner), (-0.1, inner), (-0.1, 0.46))))
    lines.append(Line(polygon((0.02, 0.46), (0.02, inner), (0.24, inner), (0.42, 0.46))))
    return lines if rng.random() < 0.5 else [Line(mirror(line.points), line.closed) for line in lines]


def _boat(rng: np.random.Generator) -> list[Line]:
    deep, high = rng.uniform(0.42, 0.55), rng.uniform(1.05, 1.3)
    lines = [Line(polygon((-1, 0), (1, 0), (0.62, -deep), (-0.62, -deep)))]
    lines.append(Line(polygon((0, 0), (0, high)), closed=False))
    lines.append(Line(polygon((0.0, high), (rng.uniform(0.65, 0.85), 0.18), (0.0, 0.18)), closed=True))
    if rng.random() < 0.45:
        lines.append(Line(polygon((-0.02, high * 0.92), (-0.6, 0.18), (-0.02, 0.18)), closed=True))
    return lines if rng.random() < 0.5 else [Line(mirror(line.points), line.closed) for line in lines]


def _fish(rng: np.random.Generator) -> list[Line]:
    high, tail = rng.uniform(0.42, 0.58), rng.uniform(0.38, 0.5)
    if rng.random() < 0.5:  # in one go, crossing itself before the tail
        loop = curve(
            (-1.0, tail),
            ((-0.7, 0.1), (-0.3, -high * 1.3), (0.3, -high)),
            ((0.7, -high * 0.75), (0.95, -0.2), (1.0, 0.0)),
            ((0.95, 0.2), (0.7, high * 0.75), (0.3, high)),
            ((-0.3, high * 1.3), (-0.7, -0.1), (-1.0, -tail)),
        )
        lines = [Line(loop)]
    else:
        lines = [Line(ellipse((0.25, 0), 0.75, high, start=180, stop=540, count=50)),
                 Line(polygon((-0.42, 0.06), (-1, tail), (-1, -tail), (-0.42, -0.06)))]  # fmt: skip
    lines.append(Line(ellipse((0.66, 0.13), 0.06, count=14)))
    if rng.random() < 0.4:
        lines.append(Line(ellipse((0.3, 0.0), 0.14, high * 0.6, start=-70, stop=70, count=14), closed=False))
    return lines if rng.random() < 0.5 else [Line(mirror(line.points), line.closed) for line in lines]


def _flower(rng: np.random.Generator) -> list[Line]:
    petals, low = int(rng.choice([5, 6])), -rng.uniform(1.85, 2.15)
    lines = [Line(ellipse((0, 0), 0.27, count=24))]
    half = 180 / petals * 0.9
    for turn in 90 + 360 / petals * np.arange(petals):
        petal = curve(
            (0.27, -0.1),
            ((0.55, -half / 75), (1.05, -half / 80), (1.05, 0.0)),
            ((1.05, half / 80), (0.55, half / 75), (0.27, 0.1)),
        )
        lines.append(Line(rotate(petal, turn)))
    lines.append(Line(curve((0, -0.95), ((0.08, -1.3), (-0.05, -1.6), (0.0, low))), closed=False))
    for side in (-1.0, 1.0)[: int(rng.integers(1, 3))]:
        leaf = curve((0, low + 0.1), ((side * 0.1, low + 0.45), (side * 0.35, low + 0.5), (side * 0.55, low + 0.5)),
                     ((side * 0.5, low + 0.2), (side * 0.25, low + 0.1), (0, low + 0.1)))  # fmt: skip
        lines.append(Line(leaf))
    return lines


def _cup(rng: np.random.Generator) -> list[Line]:
    half, tall, foot = rng.uniform(0.58, 0.75), rng.uniform(1.1, 1.45), rng.uniform(0.0, 0.2)
    low = half - foot
    grip = curve(
        (half - foot * 0.2, tall * 0.8),
        ((half + 0.65, tall * 0.95), (half + 0.55, tall * 0.1), (half - foot * 0.75, tall * 0.22)),
    )
    if rng.random() < 0.65:  # with its opening seen from above
        bottom = curve((-low, 0.1), ((-low * 0.8, -0.08), (low * 0.8, -0.08), (low, 0.1)))
        front = ellipse((0, tall), half, 0.15, start=0, stop=-179, count=24)
        lines = [Line(ellipse((0, tall), half, 0.15, start=180, stop=540)), Line(join(bottom, front))]
    else:
        lines = [Line(polygon((-half, tall), (-low, 0), (low, 0), (half, tall)))]
    lines.append(Line(grip, closed=False))
    return lines if rng.random() < 0.6 else [Line(mirror(line.points), line.closed) for line in lines]


def _umbrella(rng: np.random.Generator) -> list[Line]:
    high, panels = rng.uniform(0.75, 0.95), int(rng.choice([3, 4]))
    dome = ellipse((0, 0), 1.0, high, start=180, stop=0, count=40)
    ends = np.linspace(1, -1, panels + 1)
    hem = [curve((a, 0.0), ((a - 0.3 / panels, 0.2), (b + 0.3 / panels, 0.2), (b, 0.0)), count=10)[1:]
           for a, b in pairwise(ends)]  # fmt: skip
    lines = [Line(join(dome, *hem))]
    low, hook = -rng.uniform(0.75, 0.95), rng.uniform(0.16, 0.22)
    pole = join(
        polygon((0, 0.12 if panels == 3 else 0.0), (0, low)),
        ellipse((-hook, low), hook, start=0, stop=-190, count=18)[1:],
    )
    lines.append(Line(pole, closed=False))
    if rng.random() < 0.5:
        for x in ends[1:-1]:
            rib = curve((0.0, high), ((x * 0.5, high * 0.9), (x * 0.9, high * 0.5), (x, 0.02)))
            lines.append(Line(rib, closed=False))
    if rng.random() < 0.5:
        lines.append(Line(polygon((0, high), (0, high + 0.17)), closed=False))
    return lines


OUTLINERS: dict[str, Outliner] = {
    "circle": _circle, "square": _square, "triangle": _triangle, "star": _star,
    "heart": _heart, "cross": _cross, "moon": _moon, "arrow": _arrow,
    "house": _house, "tree": _tree, "car": _car, "boat": _boat,
    "fish": _fish, "flower": _flower, "cup": _cup, "umbrella": _umbrella,
}  # fmt: skip
