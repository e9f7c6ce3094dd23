"""Pictures of which the truth is known: the examples and the generated gallery, drawn again from their seeds."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from html import escape

import numpy as np
from PIL import Image

from mm_demo.evidence.pointing import mass, pointing
from mm_demo.scenes import Scene, make_scene
from mm_demo.scenes.named import named
from mm_demo.tasks.gallery import PICTURES, SIDE
from mm_demo.ui.examples.make import SEEDS, SIZE


@dataclass(frozen=True)
class Known:
    """The object that a map should be about.

    Attributes:
        name: its colour and kind.
        mask: (height, width) bool, where it shows.
    """

    name: str
    mask: np.ndarray


def known_object(image: Image.Image, text: str, file: str = "") -> Known | None:
    """The object that the words single out in the picture; None for pictures whose truth nobody knows.

    Args:
        image: RGB.
        text: a word of the caption, a question, or the words of a query.
        file: name of the picture's file, by which those of the generated gallery are told.
    """
    scene = _scene(np.asarray(image), file)
    meant = None if scene is None else named(scene.objects, text)
    return None if meant is None else Known(f"{meant.color} {meant.kind}", meant.mask)


def truth_line(known: Known, relevance: np.ndarray) -> str:
    """Where the map of (rows, cols) lies, beside what a blind one would have.

    Args:
        relevance: what the map says; below 0 counts as 0.
        known: the object.
    """
    peak, weight = pointing(relevance, known.mask), mass(relevance, known.mask)
    hit = "peaks on it" if peak.share > 0.5 else "peaks elsewhere"
    sign, kind = ("✓", "supported") if peak.share > 0.5 else ("✗", "unsupported")
    return (
        f'<p class="evidence-line {kind}"><b aria-hidden="true">{sign}</b><span>This picture was generated, so it is'
        f" known where the {escape(known.name)} is: the map {hit} (a blind map in {100 * peak.chance:.0f} % of cases)"
        f" and has {100 * weight.share:.0f} % of its weight there, on {100 * weight.chance:.0f} % of the area."
        "</span></p>"
    )


def _scene(pixels: np.ndarray, file: str) -> Scene | None:
    drawn: Iterable[Scene] = _examples() if len(pixels) == SIZE else ()
    number = re.fullmatch(r"scene-(\d{3})\.png", file)
    if number and len(pixels) == SIDE and int(number[1]) < PICTURES:
        drawn = [make_scene(int(number[1]), SIDE, "test")]
    return next((scene for scene in drawn if np.array_equal(scene.picture, pixels)), None)


@cache
def _examples() -> tuple[Scene, ...]:
    return tuple(make_scene(seed, SIZE, "test") for seed in SEEDS)
