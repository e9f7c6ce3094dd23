"""Stand-ins for the tasks: quick, deterministic, and slow only where a test wants to watch."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import numpy as np
from PIL import Image

from mm_demo.attention.trace import Trace
from mm_demo.errors import UserError
from mm_demo.tasks.results import CaptionResult, CaptionStep, TokenRelevance, VqaResult
from tests.ui.fake_retrieval import FakeRetrieval
from tests.ui.fake_sentiment import FakeSentiment
from tests.ui.fakes_common import METHODS, Info, spot


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
    made = {"caption": FakeCaption, "vqa": FakeVqa, "sentiment": FakeSentiment, "retrieval": FakeRetrieval}
    if name not in made:
        raise UserError(f"There is no task {name}.")
    return made[name](delay)
