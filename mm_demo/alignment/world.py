"""A small world to learn in a minute: pictures of one or two objects, each with a text that names them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from random import Random

import numpy as np
from PIL import Image, ImageDraw

from mm_demo.alignment.truth import Objects, may_be_true
from mm_demo.scenes import COLORS, HELD_OUT_PAIRS, KINDS, SceneObject
from mm_demo.scenes.backgrounds import background
from mm_demo.scenes.descriptions import Description, describe_all, tell
from mm_demo.scenes.drawing import Style, outline_of, paint

SIDE = 32
"""Side of the square pictures in pixels."""
TRAINING, HELD_OUT, SHOWN = 2000, 100, 12
"""How many pairs there are to learn from, how many recall is measured on, and how many of those are drawn."""
_WORDINGS = 3
_SUPERSAMPLING = 2
_ALONE = 0.3
_EXTENT_ALONE, _EXTENT_OF_TWO = (0.55, 0.85), (0.4, 0.52)
_STEADY = Style(look="filled", pen=0.01, edge=None, plain=False, unsteady=0.0)
_NAMES = [(kind, color) for kind in KINDS for color in COLORS if (color, kind) not in HELD_OUT_PAIRS]


@dataclass(frozen=True)
class Pair:
    """A picture and what is said of it.

    Attributes:
        picture: (`SIDE`, `SIDE`, 3) uint8 RGB.
        objects: what is in it.
        description: true of it, and naming every object.
        texts: the description in several wordings.
    """

    picture: np.ndarray
    objects: Objects
    description: Description
    texts: tuple[str, ...]


@dataclass(frozen=True)
class World:
    """The pairs to learn from and the pairs to measure on, which share no seed.

    Attributes:
        training: `TRAINING` pairs.
        truth: (training pictures, training texts) bool, where a text may be true of a picture.
        held_out: `HELD_OUT` pairs; each one's text is true of its own picture alone. The first `SHOWN` are drawn.
    """

    training: tuple[Pair, ...]
    truth: np.ndarray
    held_out: tuple[Pair, ...]


def world() -> World:
    """The world, always the same; drawing it takes some two seconds."""
    training = tuple(make_pair(seed) for seed in range(TRAINING))
    truth = may_be_true([pair.description for pair in training], [pair.objects for pair in training])
    return World(training, truth, held_out(HELD_OUT))


@lru_cache(maxsize=2)
def held_out(many: int) -> tuple[Pair, ...]:
    """Pairs that training never sees, no text of which may be true of another's picture; the first are always the same.

    Args:
        many: how many, up to some hundreds.
    """
    chosen: list[Pair] = []
    seed = TRAINING
    while len(chosen) < many:
        pair = make_pair(seed)
        if not any(pair.description.fits(c.objects) or c.description.fits(pair.objects) for c in chosen):
            chosen.append(pair)
        seed += 1
    return tuple(chosen)


def make_pair(seed: int) -> Pair:
    """The pair of a seed, any non-negative integer."""
    rng = np.random.default_rng((5, seed))
    alone = rng.random() < _ALONE
    names = [_NAMES[rng.integers(len(_NAMES))] for _ in range(1 if alone else 2)]
    middles = [(0.5, 0.5)] if alone else _two_middles(rng)
    side = SIDE * _SUPERSAMPLING
    canvas, labels = background(side, rng), Image.new("L", (side, side), 0)
    on_canvas, on_labels = ImageDraw.Draw(canvas), ImageDraw.Draw(labels)
    for label, ((kind, color), middle) in enumerate(zip(names, middles, strict=True), start=1):
        extent = rng.uniform(*(_EXTENT_ALONE if alone else _EXTENT_OF_TWO))
        x, y = (side * float(np.clip(at + rng.normal(0, 0.04), extent / 2, 1 - extent / 2)) for at in middle)
        parts = outline_of(kind, rng, unsteady=_STEADY.unsteady)
        scale = (side * extent, side * extent)
        paint(on_canvas, on_labels, label, parts, color, (x, y), scale, _STEADY, rng)
    shown = np.asarray(labels)[_SUPERSAMPLING // 2 :: _SUPERSAMPLING, _SUPERSAMPLING // 2 :: _SUPERSAMPLING]
    objects = tuple(_object(kind, color, shown == label) for label, (kind, color) in enumerate(names, start=1))
    words = Random(seed)
    description = describe_all(objects, words)
    texts = tuple(tell(description, words).text for _ in range(_WORDINGS))
    return Pair(np.asarray(canvas.resize((SIDE, SIDE), Image.Resampling.BOX)), objects, description, texts)


def _two_middles(rng: np.random.Generator) -> list[tuple[float, float]]:
    """Side by side, one above the other, or on a diagonal; which object comes first is chance."""
    apart, across = (0.27, 0.73), (0.27, 0.73) if rng.random() < 0.5 else (0.73, 0.27)
    other = across if rng.random() < 0.4 else tuple(rng.uniform(0.4, 0.6, 2))
    both = list(zip(apart, other, strict=True))
    if rng.random() < 0.5:
        both = [(y, x) for x, y in both]
    return both if rng.random() < 0.5 else both[::-1]


def _object(kind: str, color: str, mask: np.ndarray) -> SceneObject:
    rows, cols = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    box = (int(cols[0]) / SIDE, int(rows[0]) / SIDE, int(cols[-1] + 1) / SIDE, int(rows[-1] + 1) / SIDE)
    return SceneObject(kind, color, "large", box, mask)
