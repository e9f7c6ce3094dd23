"""Stand-ins for the tasks: quick, deterministic, and slow only where a test wants to watch."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image

from mm_demo.attention.trace import Trace
from mm_demo.errors import UserError
from mm_demo.tasks.results import CaptionResult, CaptionStep, TokenRelevance, VqaResult
from tests.ui.fake_sentiment import FakeSentiment

ROWS, COLS = 8, 8


@dataclass(frozen=True)
class Info:
    id: str = "fake-model"
    title: str = "Fake model"
    tier: str = "embedded"
    device: str = "cpu"
    dtype: str = "float32"
    size_bytes: int = 3_000_000
    parameters: int = 1_500_000
    layers: int = 3
    heads: int = 4


@dataclass(frozen=True)
class Method:
    name: str
    label: str
    help: str
    controls: tuple[str, ...]


METHODS = (
    Method("raw", "Raw attention", "The weights of the layers as they are.", ("layer", "head")),
    Method("gradient", "Gradient relevance", "Attention weighed by what it changes.", ()),
)


def spot(index: int, method: str = "default", layer: int | None = None) -> np.ndarray:
    """A map with one bright cell, elsewhere for every word, method and layer."""
    values = np.full((ROWS, COLS), 0.002)
    shift = {"default": 0, "gradient": 0, "raw": 3}[method] + (layer or 0)
    values[(2 * index + shift) % ROWS, (3 * index + 1) % COLS] = 1
    return values / values.sum()


class FakeCaption:
    """Says the same seven words of every picture, and names its mean colour in the eighth."""

    name = "caption"
    info = Info("fake-captioner")
    methods = METHODS
    words = ("a", "red", "star", "above", "a", "blue", "house")

    def __init__(self, delay: float = 0.0, familiar: bool = True) -> None:
        self.delay = delay
        self.familiar = familiar

    def stream(
        self, image: Any, method: str = "default", layer: int | None = None, head: int | None = None
    ) -> Iterator[CaptionStep]:
        steps = []
        mean = "rgb" + "-".join(str(round(v)) for v in np.asarray(image.resize((1, 1)))[0, 0])
        for i, word in enumerate((*self.words, mean)):
            time.sleep(self.delay)
            step = CaptionStep(
                i, word, False, 0.97 - i / 20, [("moon", 0.02), ("<b>cross</b>", 0.01)], spot(i, method, layer)
            )
            steps.append(step)
            yield step
        answer = " ".join(step.token for step in steps)
        return CaptionResult(
            answer, [(answer, 0.5)], steps, self.familiar, 1.0 if self.familiar else 0.1, Trace(), image, method
        )

    def __call__(self, image: Any, **settings: Any) -> CaptionResult:
        stream = self.stream(image, **settings)
        while True:
            try:
                next(stream)
            except StopIteration as stop:
                return stop.value

    def explain(
        self, result: CaptionResult, method: str, layer: int | None = None, head: int | None = None
    ) -> list[np.ndarray]:
        return [spot(step.index, method, layer) for step in result.tokens]


class FakeVqa:
    """Answers "red" to everything, and does not know "zebra"."""

    name = "vqa"
    info = Info("fake-answerer")
    methods = METHODS

    def __init__(self, delay: float = 0.0) -> None:
        self.delay = delay

    def __call__(
        self,
        image: Image.Image,
        question: str,
        method: str = "default",
        layer: int | None = None,
        head: int | None = None,
    ) -> VqaResult:
        time.sleep(self.delay)
        tokens, at = [], 0
        for i, word in enumerate(question.split()):
            start = question.index(word, at)
            at = start + len(word)
            tokens.append(
                TokenRelevance(word, start, at, [0.1, 1.0, -0.6, 0.0][i % 4], spot(i, method, layer), word != "zebra")
            )
        unknown = ["zebra"] if "zebra" in question else []
        return VqaResult(
            "red", [("red", 0.93), ("orange", 0.04), ("pink", 0.01)], question, tokens, spot(5, method, layer),
            {"image": 0.71, "text": 0.29}, True, 1.0, Trace(), image, method, unknown,
        )  # fmt: skip

    def explain(self, result: VqaResult, method: str, layer: int | None = None, head: int | None = None) -> VqaResult:
        return self(result.image, result.question, method=method, layer=layer, head=head)


def fake(name: str, delay: float = 0.0) -> Any:
    """A factory for `Models`."""
    made = {"caption": FakeCaption, "vqa": FakeVqa, "sentiment": FakeSentiment}
    if name not in made:
        raise UserError(f"There is no task {name}.")
    return made[name](delay)
