"""A model of pictures and texts in one space that needs no weights: the mean colours of a picture's sixteen parts."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from PIL import Image

from mm_demo.attention.trace import ImageLayout, Record, Segment, TextLayout, Trace
from mm_demo.models.family import Matched, ModelInfo, Picture, WordMatch
from mm_demo.models.tokens import ReadText
from tests.index.colours import SIDE, Colours, vector

WORDS = {"red": (255, 0, 0), "green": (0, 255, 0), "blue": (0, 0, 255), "black": (0, 0, 0), "white": (255, 255, 255)}
LONGEST = 20
"""Words that it reads."""


def unit(values: np.ndarray) -> np.ndarray:
    return (values / np.linalg.norm(values)).astype(np.float32)


def word_vector(word: str) -> np.ndarray:
    """(48,): the colour that it names, everywhere; nothing for other words."""
    return np.tile((np.array(WORDS[word], np.float32) - 127.5) / 127.5, SIDE * SIDE) if word in WORDS else np.zeros(48)


@dataclass
class ColourMatcher(Colours):
    """A text is the sum of its colours; a word's part of the score is what the score loses without it."""

    family: str = "clip"
    scale: float = 20.0
    bias: float | None = None
    patch_removals: tuple[str, ...] = ("grey", "mean")
    word_removals: tuple[str, ...] = ("omit",)
    matched: list[object] = field(default_factory=list)

    @property
    def info(self) -> ModelInfo:
        return ModelInfo(self.model, "Colours", "local", "cpu", "float32", 0, 0, 1, 1)

    def look(self, image: Image.Image) -> Picture:
        """Knows pictures that are wider than high."""
        return Picture(
            image, torch.zeros(1, 17, 4), 0.75 if image.width > image.height else 0.25, image.width > image.height
        )

    def read(self, text: str) -> ReadText:
        found = list(re.finditer(r"\w+", text))
        kept = found[:LONGEST]
        unknown = [m[0] for m in kept if m[0] not in WORDS]
        return ReadText(
            [0] * len(kept), [m[0] for m in kept], [m.span() for m in kept], unknown, len(kept) < len(found)
        )

    def embed_texts(self, texts: Sequence[str]) -> np.ndarray:
        return np.stack([unit(self._sum(text)) for text in texts])

    def match(self, image: Image.Image, query: str | Image.Image) -> Matched:
        self.matched.append(query)
        seen = vector(image)
        if isinstance(query, str):
            asked = unit(self._sum(query))
            words = [self._word(query, place, seen) for place in self.read(query).ranges if place is not None]
            layout = TextLayout(query, (None,))
            segment = Segment("query", "text", ("",), layout)
            records = []
        else:
            asked, words = vector(query), []
            segment = Segment("query", "image", ("",) * 17, ImageLayout(SIDE, SIDE), leading=1)
            records = [record("query", asked * seen)]
        trace = image_trace(seen * asked)
        return Matched(
            float(seen @ asked),
            asked,
            words,
            Trace(trace.segments | {"query": segment}, [*trace.records, *records]),
            ("image", 0),
            ("query", 0),
        )

    def picture_variants(self, image: Image.Image, removal: str) -> Callable[[np.ndarray], np.ndarray]:
        """Parts become grey, which is nothing, or the picture's mean."""
        whole = np.asarray(vector(image)).reshape(SIDE * SIDE, 3)
        filled = np.zeros(3) if removal == "grey" else whole.mean(0)
        return lambda kept: np.stack([unit(np.where(row[:, None], whole, filled).ravel() + 1e-6) for row in kept])

    def text_variants(self, text: str, removal: str) -> Callable[[np.ndarray], np.ndarray]:
        """The sum of the colours that are left."""
        places = [place for place in self.read(text).ranges if place is not None]
        left = lambda row: {place for place, stays in zip(places, row, strict=True) if stays}  # noqa: E731
        return lambda kept: np.stack([unit(self._sum(text, set(places) - left(row))) for row in kept])

    def randomised(self) -> Iterator[tuple[str, ColourMatcher]]:
        """Has nothing that it could forget."""
        yield "nothing", self

    def _sum(self, text: str, without: Collection[tuple[int, int]] = ()) -> np.ndarray:
        places = [place for place in self.read(text).ranges if place is not None and place not in without]
        # Something small that every text has, so that none is without a direction.
        return np.sum([np.full(48, 1e-3), *(word_vector(text[start:end]) for start, end in places)], axis=0)

    def _word(self, query: str, place: tuple[int, int], seen: np.ndarray) -> WordMatch:
        part = unit(self._sum(query)) - unit(self._sum(query, [place]))
        return WordMatch(query[place[0] : place[1]], place, part, float(seen @ part), image_trace(seen * part))


def record(segment: str, products: np.ndarray) -> Record:
    """One layer, in which the class token looks at every part alike; the gradient is the parts' products."""
    weights, gradient = torch.full((1, 17, 17), 1 / 17), torch.zeros(1, 17, 17)
    gradient[0, 0, 1:] = torch.from_numpy(np.asarray(products, np.float32)).reshape(SIDE * SIDE, 3).sum(1)
    return Record(0, "self", segment, segment, weights, gradient)


def image_trace(products: np.ndarray) -> Trace:
    segment = Segment("image", "image", ("",) * 17, ImageLayout(SIDE, SIDE), leading=1)
    return Trace({"image": segment}, [record("image", products)])


def painted(*spots: tuple[int, int, str], ground: str = "white", size: tuple[int, int] = (40, 32)) -> Image.Image:
    """A picture with parts (row, column) in colours."""
    picture = Image.new("RGB", size, ground)
    width, height = size[0] // SIDE, size[1] // SIDE
    for row, column, colour in spots:
        picture.paste(colour, (column * width, row * height, (column + 1) * width, (row + 1) * height))
    return picture
