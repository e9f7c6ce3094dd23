"""Things people make, drawn with their parts: house, car, boat, cup, umbrella."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from mm_demo.evaluation.another_hand.geometry import (
    box,
    curve,
    ellipse,
    join,
    mirror,
    polygon,
    ribbon,
    rotate,
)
from mm_demo.evaluation.another_hand.palette import CHINA, CLOTHS, GLASS, ROOFS, TYRES, WHITE, WOODS
from mm_demo.evaluation.another_hand.part import Drawer, Part


def _turned(parts: list[Part], rng: np.random.Generator, both_ways: bool = True, most: float = 8.0) -> list[Part]:
    """The object facing either way, a few of them a little tilted."""
    flip = both_ways and rng.random() < 0.5
    tilt = rng.uniform(-most, most) if rng.random() < 0.25 else 0.0
    return [Part(rotate(mirror(p.points) if flip else p.points, tilt), p.paint, p.edged) for p in parts]


def _window(left: float, bottom: float, right: float, top: float, glass: str, panes: bool) -> list[Part]:
    parts = [Part(box(left, bottom, right, top), glass)]
    if panes:
        x, y = (left + right) / 2, (bottom + top) / 2
        parts += [Part(polygon((x, bottom), (x, top)), None), Part(polygon((left, y), (right, y)), None)]
    return parts


def _house(rng: np.random.Generator) -> list[Part]:
    half, wall, peak = rng.uniform(0.75, 1.0), rng.uniform(0.85, 1.15), rng.uniform(0.5, 0.75)
    eave = half + rng.uniform(0.0, 0.18)
    roof = str(rng.choice(ROOFS)) if rng.random() < 0.7 else "shade"
    glass, panes = str(rng.choice(GLASS)), rng.random() < 0.6
    parts = []
    if rng.random() < 0.6:
        x = rng.uniform(0.35, 0.5) * half
        parts.append(Part(box(x, wall + 0.1, x + 0.2, wall + peak * rng.uniform(0.85, 1.05)), str(rng.choice(ROOFS))))
    parts.append(Part(box(-half, 0, half, wall)))
    if rng.random() < 0.75:
        parts.append(Part(polygon((-eave, wall), (eave, wall), (0, wall + peak)), roof))
    else:
        parts.append(
            Part(polygon((-eave, wall), (eave, wall), (eave - 0.3, wall + peak), (0.3 - eave, wall + peak)), roof)
        )
    door = str(rng.choice(WOODS)) if rng.random() < 0.7 else WHITE
    x = rng.choice([-0.14, 0.14 - half * 0.75])
    tall = wall * rng.uniform(0.5, 0.62)
    parts.append(Part(box(x, 0, x + 0.3, tall), door))
    parts.append(Part(ellipse((x + 0.24, tall * 0.48), 0.025, count=10), "#333333", edged=False))
    spots = (-0.62 * half, 0.62 * half) if x > -0.2 and half > 0.85 else (0.5 * half,)
    for middle in spots:
        parts += _window(middle - 0.17, wall * 0.45, middle + 0.17, wall * 0.45 + 0.34, glass, panes)
    return _turned(parts, rng, most=5)


def _wheel(x: float, y: float, radius: float, tyre: str) -> list[Part]:
    return [
        Part(ellipse((x, y), radius), tyre),
        Part(ellipse((x, y), radius * 0.48, count=24), "#c9ccd1", edged=False),
    ]


def _car(rng: np.random.Generator) -> list[Part]:
    glass, tyre = str(rng.choice(GLASS)), str(rng.choice(TYRES))
    style = rng.integers(3)
    if style == 0:  # saloon
        body = curve(
            (-1.0, 0.0), ((-1.06, 0.12), (-1.05, 0.34), (-0.92, 0.37)), ((-0.8, 0.4), (-0.7, 0.4), (-0.62, 0.41)),
            ((-0.5, 0.62), (-0.4, 0.76), (-0.25, 0.76)), ((-0.05, 0.78), (0.1, 0.78), (0.2, 0.75)),
            ((0.35, 0.68), (0.45, 0.5), (0.54, 0.41)), ((0.75, 0.38), (0.98, 0.34), (1.02, 0.2)),
            ((1.04, 0.1), (1.03, 0.02), (1.0, 0.0)),
        )  # fmt: skip
        panes = [polygon((-0.5, 0.42), (-0.33, 0.68), (-0.08, 0.69), (-0.08, 0.42)),
                 polygon((0.0, 0.42), (0.0, 0.69), (0.16, 0.67), (0.4, 0.42))]  # fmt: skip
        axles, radius, lamp = (-0.58, 0.58), rng.uniform(0.17, 0.22), (0.94, 0.24)
    elif style == 1:  # beetle
        body = join(polygon((-1, 0)), curve((-1, 0.1), ((-0.95, 0.45), (-0.7, 0.42), (-0.55, 0.45)),
                    ((-0.4, 1.0), (0.35, 1.0), (0.5, 0.45)), ((0.75, 0.42), (0.98, 0.4), (1, 0.1))),
                    polygon((1, 0)))  # fmt: skip
        rear = join(curve((-0.42, 0.46), ((-0.3, 0.74), (-0.15, 0.77), (-0.05, 0.77))), polygon((-0.05, 0.46)))
        front = join(curve((0.37, 0.46), ((0.25, 0.74), (0.12, 0.77), (0.04, 0.77))), polygon((0.04, 0.46)))
        panes = [rear, front]
        axles, radius, lamp = (-0.56, 0.56), rng.uniform(0.2, 0.25), (0.9, 0.24)
    else:  # a child's car: a box on a box
        body = polygon((-1, 0), (1, 0), (1, 0.42), (0.55, 0.44), (0.36, 0.86), (-0.56, 0.86), (-0.7, 0.44), (-1, 0.42))
        panes = [polygon((-0.56, 0.46), (-0.46, 0.75), (-0.14, 0.75), (-0.14, 0.46)),
                 polygon((-0.04, 0.46), (-0.04, 0.75), (0.28, 0.75), (0.42, 0.46))]  # fmt: skip
        axles, radius, lamp = (-0.55, 0.55), rng.uniform(0.19, 0.25), (0.93, 0.29)
    parts = [Part(body), *(Part(pane, glass) for pane in panes)]
    if rng.random() < 0.6:
        parts.append(Part(ellipse(lamp, 0.07, 0.08, count=16), "#fff3b0"))
    if rng.random() < 0.5:
        parts.append(Part(polygon((-0.02, 0.34), (0.1, 0.34)), None))
    for x in axles:
        parts += _wheel(x, 0.0, radius, tyre)
    return _turned(parts, rng, most=6)


def _boat(rng: np.random.Generator) -> list[Part]:
    deep, stern = rng.uniform(0.52, 0.68), rng.uniform(0.55, 0.75)
    if rng.random() < 0.5:
        hull = polygon((-1, 0), (1, 0), (stern, -deep), (-stern, -deep))
    else:
        hull = curve((-1, 0), ((-0.3, -0.05), (0.3, -0.05), (1.05, 0.06)), ((0.9, -deep), (0.6, -deep), (0.4, -deep)),
                     ((0, -deep), (-0.4, -deep), (-0.5, -deep)), ((-0.8, -deep), (-0.95, -0.3), (-1, 0)))  # fmt: skip
    high = rng.uniform(0.95, 1.2)
    cloth = str(rng.choice([*CLOTHS, "tint"]))
    mast = Part(box(-0.06, -0.02, 0.02, high + 0.08), str(rng.choice(WOODS)), edged=False)
    sails = [Part(polygon((0.06, 0.14), (rng.uniform(0.7, 0.9), 0.14), (0.06, high)), cloth)]
    if rng.random() < 0.6:
        sails.append(Part(polygon((-0.1, 0.14), (-rng.uniform(0.5, 0.7), 0.14), (-0.1, high * 0.85)), cloth))
    parts = [mast, *sails, Part(hull)]
    if rng.random() < 0.35:
        parts += [Part(ellipse((x, -deep * 0.45), 0.08, count=18), WHITE, edged=False) for x in (-0.4, 0.0, 0.4)]
    elif rng.random() < 0.4:
        parts.append(Part(polygon((-0.85, -0.16), (0.87, -0.16)), None))
    return _turned(parts, rng)


def _cup(rng: np.random.Generator) -> list[Part]:
    thick = rng.uniform(0.13, 0.18)
    if rng.random() < 0.6:  # a mug
        half, tall, foot = rng.uniform(0.55, 0.68), rng.uniform(1.25, 1.5), rng.uniform(0.0, 0.12)
        handle = curve(
            (half - 0.06, tall * 0.82),
            ((half + 0.62, tall * 0.95), (half + 0.55, tall * 0.1), (half - 0.12, tall * 0.2)),
        )
        low = half - foot
        body = join(
            polygon((-half, tall)),
            curve((-low, 0.08), ((-low, -0.07), (low, -0.07), (low, 0.08))),
            polygon((half, tall)),
        )
        rim = ellipse((0, tall), half, 0.13)
        saucer = []
    else:  # a tea cup
        half, tall = 0.85, rng.uniform(0.85, 1.0)
        handle = curve(
            (half - 0.08, tall * 0.85), ((half + 0.6, tall * 1.0), (half + 0.4, tall * 0.2), (half - 0.3, tall * 0.3))
        )
        body = curve((-half, tall), ((-half, 0.3), (-0.55, 0.0), (-0.3, 0.0)), ((-0.1, 0.0), (0.1, 0.0), (0.3, 0.0)),
                     ((0.55, 0.0), (half, 0.3), (half, tall)))  # fmt: skip
        rim = ellipse((0, tall), half, 0.14)
        saucer = [Part(ellipse((0, 0.0), 1.1, 0.14), "shade")] if rng.random() < 0.6 else []
    parts = [*saucer, Part(ribbon(handle, thick)), Part(body)]
    if rng.random() < 0.7:
        inside = str(rng.choice([WHITE, "#5b3a1e", CHINA, "shade"]))
        parts += [Part(rim), Part((rim - (0, tall)) * (0.86, 0.72) + (0, tall), inside)]
    if rng.random() < 0.25:
        parts.append(Part(box(-half * 0.97, tall * 0.42, half * 0.97, tall * 0.58), "tint", edged=False))
    return _turned(parts, rng)


def _umbrella(rng: np.random.Generator) -> list[Part]:
    wide, high, panels = 1.0, rng.uniform(0.75, 0.95), int(rng.choice([3, 4, 5]))
    dome = ellipse((0, 0), wide, high, start=0, stop=180, count=49)
    ends = np.cos(np.linspace(np.pi, 0, panels + 1)) * wide
    scallop = rng.uniform(0.08, 0.14)
    hem = [
        curve((a, 0.0), ((a + (b - a) * 0.3, scallop), (a + (b - a) * 0.7, scallop), (b, 0.0)), count=9)
        for a, b in pairwise(ends)
    ]
    stick = str(rng.choice([*WOODS, "#6f6f6f", "#555555"]))
    low, hook = -rng.uniform(0.75, 0.95), rng.uniform(0.13, 0.18)
    pole = join(
        polygon((0, high * 0.95), (0, 0.0), (0, low)), ellipse((-hook, low), hook, start=0, stop=-185, count=16)[1:]
    )
    parts = [Part(ribbon(pole, rng.uniform(0.055, 0.085)), stick)]
    if rng.random() < 0.7:
        parts.append(Part(box(-0.035, high - 0.05, 0.035, high + 0.16), stick))
    parts.append(Part(join(dome, *hem)))
    ribs = [curve((0.0, high), ((x * 0.55, high * 0.98), (x * 0.92, high * 0.6), (x, 0.0))) for x in ends[1:-1]]
    if rng.random() < 0.35:
        seams = [dome[24:], *ribs, dome[24::-1]]
        parts += [Part(join(seams[i], hem[i][1:], seams[i + 1][::-1]), "tint") for i in range(0, panels, 2)]
    else:
        parts += [Part(rib, None) for rib in ribs]
    return _turned(parts, rng, most=20)


MADE: dict[str, Drawer] = {"house": _house, "car": _car, "boat": _boat, "cup": _cup, "umbrella": _umbrella}
