"""The eight kinds with parts. Each function draws one variant of its kind with the given random source."""

from __future__ import annotations

import numpy as np

from mm_demo.scenes.geometry import Part, ellipse, polygon, rectangle


def house(rng: np.random.Generator) -> list[Part]:
    """Walls, a gable roof, a door, windows, perhaps a chimney."""
    eaves, peak, w = rng.uniform(-0.35, 0.05), -1.0, rng.uniform(0.72, 0.95)
    over = w + rng.uniform(0.0, 0.25)
    parts = [Part(rectangle(-w, eaves, w, 1))]
    if rng.random() < 0.4:
        x = rng.choice([-1, 1]) * rng.uniform(0.35, 0.6)
        parts.insert(0, Part(rectangle(x - 0.11, -0.95, x + 0.11, eaves), "roof"))
    flat = rng.uniform(0.3, 0.55) if rng.random() < 0.15 else 0.0
    parts.append(Part(polygon((-over, eaves), (-flat, peak), (flat, peak), (over, eaves)), "roof"))
    if rng.random() < 0.85:
        x, half, top = rng.choice([0.0, -0.4, 0.4]) * w, rng.uniform(0.13, 0.22), rng.uniform(0.3, 0.5)
        parts.append(Part(rectangle(x - half, top, x + half, 1), "trunk" if rng.random() < 0.6 else "shade"))
        sides = [s for s in (-0.55, 0.55, 0.0) if abs(s * w - x) > 0.34]
    else:
        sides = [-0.45, 0.45]
    if rng.random() < 0.75:
        half, y = rng.uniform(0.13, 0.2), rng.uniform(eaves + 0.28, eaves + 0.42)
        parts += [Part(rectangle(s * w - half, y - half, s * w + half, y + half), "window") for s in sides]
    return parts


def tree(rng: np.random.Generator) -> list[Part]:
    """A trunk under a round crown, a cloud of leaves, or the tiers of a pine."""
    half, style = rng.uniform(0.09, 0.2), rng.random()
    if style < 0.42:
        r, ry = rng.uniform(0.6, 0.85), rng.uniform(0.55, 0.8)
        return [Part(rectangle(-half, 0.0, half, 1), "trunk"), Part(ellipse(0, ry - 1, r, ry, n=30))]
    if style < 0.6:
        r = rng.uniform(0.36, 0.48)
        places = [(-0.42, -0.25), (0.42, -0.25), (0, -0.55), (0, -0.1)][: int(rng.integers(3, 5))]
        return [
            Part(rectangle(-half, -0.1, half, 1), "trunk"),
            *(Part(ellipse(x, y, r, r, n=20)) for x, y in places),
        ]
    tiers, w, low = int(rng.integers(1, 4)), rng.uniform(0.6, 0.85), rng.uniform(0.5, 0.72)
    parts = [Part(rectangle(-half, low - 0.05, half, 1), "trunk")]
    for i in range(tiers):
        top = -1 + (low + 1) * i / tiers * 0.8
        bottom = low if i == tiers - 1 else -1 + (low + 1) * (i + 1.25) / tiers
        wide = w * (0.6 + 0.4 * (i + 1) / tiers)
        parts.append(Part(polygon((0, top), (wide, bottom), (-wide, bottom))))
    return parts


def car(rng: np.random.Generator) -> list[Part]:
    """Seen from the side: body, cabin with windows, two wheels."""
    top, belt, low = -rng.uniform(0.5, 0.7), rng.uniform(-0.15, 0.05), rng.uniform(0.38, 0.5)
    left, right, slope = rng.uniform(-0.75, -0.45), rng.uniform(0.3, 0.6), rng.uniform(0.05, 0.3)
    if rng.random() < 0.15:
        left = -1.0
    body = polygon(
        (-1, belt), (left, belt), (left + slope, top), (right - slope, top),
        (right, belt), (1, belt + rng.uniform(0, 0.12)), (1, low), (-1, low),
    )  # fmt: skip
    if rng.random() < 0.3:
        parts = [Part(rectangle(-1, belt, 1, low)), Part(body[1:5])]
    elif rng.random() < 0.25:
        dome = ellipse((left + right) / 2, belt, (right - left) / 2, belt - top, 180, 360, 16)
        parts = [Part(rectangle(-1, belt, 1, low)), Part(dome)]
    else:
        parts = [Part(body)]
    if rng.random() < 0.8:
        a, b, inset = left + slope + 0.06, right - slope - 0.06, 0.1
        middle, half_post = (a + b) / 2, rng.uniform(0.03, 0.07)
        bottom, lean = belt - 0.02, slope * 0.6
        if rng.random() < 0.8:
            parts.append(
                Part(
                    polygon(
                        (a, top + inset),
                        (middle - half_post, top + inset),
                        (middle - half_post, bottom),
                        (a - lean, bottom),
                    ),
                    "window",
                )
            )
            parts.append(
                Part(
                    polygon(
                        (middle + half_post, top + inset),
                        (b, top + inset),
                        (b + lean, bottom),
                        (middle + half_post, bottom),
                    ),
                    "window",
                )
            )
        else:
            parts.append(
                Part(polygon((a, top + inset), (b, top + inset), (b + lean, bottom), (a - lean, bottom)), "window")
            )
    r = rng.uniform(0.19, 0.29)
    for x in (-rng.uniform(0.5, 0.62), rng.uniform(0.5, 0.62)):
        parts.append(Part(ellipse(x, low, r, r, n=18), "wheel"))
        if rng.random() < 0.4:
            parts.append(Part(ellipse(x, low, r * 0.45, r * 0.45, n=10), "window"))
    return parts


def boat(rng: np.random.Generator) -> list[Part]:
    """A hull with a mast and one or two sails, seldom with a cabin instead."""
    deck, inset = rng.uniform(0.3, 0.5), rng.uniform(0.15, 0.4)
    if rng.random() < 0.6:
        hull = polygon((-1, deck), (1, deck), (1 - inset, 1), (-1 + inset, 1))
    else:
        hull = np.concatenate([ellipse(0, deck, 1, 1 - deck, 0, 180, 18)])
    if rng.random() < 0.1:
        cabin = [
            Part(rectangle(-0.5, deck - 0.45, 0.35, deck), "sail"),
            Part(rectangle(-0.1, deck - 0.85, 0.12, deck - 0.45), "roof"),
        ]
        return [*cabin, Part(hull)]
    mast_x = rng.uniform(-0.15, 0.15)
    parts = [Part(polygon((mast_x, -1), (mast_x, deck)), "trunk", thickness=rng.uniform(0.05, 0.1))]
    foot = deck - rng.uniform(0.05, 0.15)
    side = rng.choice([-1, 1])
    parts.append(
        Part(
            polygon(
                (mast_x + 0.04 * side, -0.95),
                (mast_x + side * rng.uniform(0.6, 0.85), foot),
                (mast_x + 0.04 * side, foot),
            ),
            "sail",
        )
    )
    if rng.random() < 0.5:
        parts.append(
            Part(
                polygon(
                    (mast_x - 0.04 * side, -rng.uniform(0.6, 0.9)),
                    (mast_x - side * rng.uniform(0.4, 0.65), foot),
                    (mast_x - 0.04 * side, foot),
                ),
                "sail",
            )
        )
    return [*parts, Part(hull)]


def fish(rng: np.random.Generator) -> list[Part]:
    """An oval body, a tail, an eye, perhaps fins, facing left before it is turned."""
    ry, joint = rng.uniform(0.38, 0.55), rng.uniform(0.3, 0.45)
    spread = rng.uniform(0.35, 0.55)
    tail = polygon((joint, 0), (1, -spread), (1 - rng.uniform(0, 0.2), 0), (1, spread))
    parts = [Part(tail)]
    if rng.random() < 0.4:
        parts.append(Part(polygon((-0.35, -ry * 0.8), (0.1, -ry - 0.25), (0.2, -ry * 0.7)), "shade"))
    parts.append(Part(ellipse(-0.25, 0, 0.75, ry, n=30)))
    if rng.random() < 0.85:
        size = rng.uniform(0.06, 0.1)
        parts.append(Part(ellipse(-0.62, -ry * 0.25, size, size, n=10), "eye"))
    if rng.random() < 0.3:
        parts.append(Part(polygon((-0.2, 0.0), (0.1, ry * 0.5), (0.12, -0.02)), "shade"))
    return parts


def flower(rng: np.random.Generator) -> list[Part]:
    """Petals round a centre, mostly on a stem with leaves."""
    petals, stem = int(rng.integers(5, 9)), rng.random() < 0.7
    y = -0.4 if stem else 0.0
    ring, r = rng.uniform(0.34, 0.4), rng.uniform(0.2, 0.27) if petals < 7 else rng.uniform(0.16, 0.21)
    scale = 1.0 if stem else 1.65
    turn = rng.uniform(0, 2 * np.pi)
    parts: list[Part] = []
    if stem:
        parts.append(Part(polygon((0, y), (rng.uniform(-0.1, 0.1), 1)), "stem", thickness=rng.uniform(0.07, 0.13)))
        if rng.random() < 0.6:
            side = rng.choice([-1, 1])
            parts.append(Part(ellipse(side * 0.22, rng.uniform(0.45, 0.65), 0.22, 0.1, n=14), "stem"))
    for i in range(petals):
        a = turn + 2 * np.pi * i / petals
        parts.append(Part(ellipse(ring * scale * np.cos(a), y + ring * scale * np.sin(a), r * scale, r * scale, n=14)))
    centre = rng.uniform(0.17, 0.25) * scale
    parts.append(Part(ellipse(0, y, centre, centre, n=18), "centre"))
    return parts


def cup(rng: np.random.Generator) -> list[Part]:
    """A mug or a tea cup with its handle at the right, perhaps a saucer."""
    taper, top = rng.uniform(0.0, 0.25), rng.uniform(-0.8, -0.55)
    side, bottom = rng.uniform(0.5, 0.62), rng.uniform(0.7, 0.9)
    handle = ellipse(
        side - 0.04, (top + bottom) / 2 - 0.05, rng.uniform(0.26, 0.4), rng.uniform(0.28, 0.42), -90, 90, 14
    )
    parts = [Part(handle, thickness=rng.uniform(0.1, 0.18))]
    if rng.random() < 0.7:
        parts.append(Part(polygon((-side, top), (side, top), (side - taper, bottom), (-side + taper, bottom))))
    else:
        bowl = ellipse(0, top, side, bottom - top, 0, 180, 18)
        parts.append(Part(bowl))
    if rng.random() < 0.35:
        parts.append(Part(ellipse(0, top, side, 0.1, n=18), "shade"))
    if rng.random() < 0.2:
        parts.append(Part(ellipse(0, bottom, side + 0.2, 0.09, n=18), "shade"))
    return parts


def umbrella(rng: np.random.Generator) -> list[Part]:
    """A half-round canopy, its edge straight or scalloped, on a shaft with a hook."""
    low, bumps = rng.uniform(-0.1, 0.1), int(rng.integers(3, 6))
    shaft_width, hook = rng.uniform(0.06, 0.12), rng.uniform(0.13, 0.22)
    side = rng.choice([-1, 1])
    bend = ellipse(side * hook, 1 - hook, hook, hook, 180 if side > 0 else 0, 0 if side > 0 else 180, 10)
    shaft = np.concatenate([polygon((0, -1)), bend])
    canopy = ellipse(0, low, 1, low + 0.9, 180, 360, 22)
    if rng.random() < 0.6:
        dents = []
        for i in range(bumps):
            right, left = 1 - 2 * i / bumps, 1 - 2 * (i + 1) / bumps
            dents.append(ellipse((left + right) / 2, low, (right - left) / 2, rng.uniform(0.1, 0.2), 360, 180, 7)[1:])
        canopy = np.concatenate([canopy, *dents])
    parts = [Part(shaft, "trunk", thickness=shaft_width), Part(canopy)]
    if rng.random() < 0.35:
        for x in (-0.33, 0.33):
            parts.append(Part(polygon((0, -0.88), (x, low)), "shade", thickness=0.04))
    return parts
