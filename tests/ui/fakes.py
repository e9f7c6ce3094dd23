"""Stand-ins for the tasks: quick, deterministic, and slow only where a test wants to watch."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from PIL import Image

from mm_demo.attention.trace import Trace
from mm_demo.errors import UserError
from mm_demo.evidence.probe import Part, Probe
from mm_demo.tasks.results import CaptionResult, CaptionStep, TokenRelevance, VqaResult
from tests.ui.fake_probes import CERTAIN, REMOVALS, coloured, probe, share_map
from tests.ui.fake_retrieval import FakeRetrieval
from tests.ui.fake_sentiment import FakeSentiment
from tests.ui.fakes_common import METHODS, Info, spot


class FakeCaption:
    """Says the same seven words of every picture, and names its mean colour in the eighth, which tells most.

    Its map of that word is where the picture is coloured, and so is what the word rests on.
    """

    name = "caption"
    info = Info("fake-captioner")
    methods = METHODS
    removals = REMOVALS
    live_method = "raw"
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
                i,
                word,
                False,
                0.97 - i / 20,
                [("moon", 0.02), ("<b>cross</b>", 0.01)],
                self._map(image, i, method, layer),
            )
            steps.append(step)
            yield step
        answer = " ".join(step.token for step in steps)
        return CaptionResult(
            answer, [(answer, 0.5)], steps, self.familiar, 1.0 if self.familiar else 0.1, Trace(), image, method, "fake"
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
        return [self._map(result.image, step.index, method, layer) for step in result.tokens]

    def telling_word(self, result: CaptionResult) -> int:
        return len(self.words)

    def probe(self, result: CaptionResult, index: int, removal: str = "default") -> Probe:
        step = result.tokens[index]
        return probe("image", step.token, removal, step.map, coloured(result.image))

    def randomised(self, result: CaptionResult, index: int, *_: int | None) -> Iterator[tuple[str, np.ndarray]]:
        yield "last layer", result.tokens[index].map
        yield "everything", spot(index + 3, "raw")

    def _map(self, image: Any, index: int, method: str, layer: int | None) -> np.ndarray:
        return share_map(coloured(image)) if index == len(self.words) else spot(index, method, layer)


class FakeVqa:
    """Answers "red" to everything but a picture without colour, and does not know "zebra".

    The recommended map of the answer is where the picture is coloured, which is what the answer rests on; that of raw
    attention is one cell, anywhere.
    """

    name = "vqa"
    info = Info("fake-answerer")
    methods = METHODS
    removals = REMOVALS

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
        seen = coloured(image)
        named, certain = ("red", CERTAIN) if seen.any() else ("nothing", 0.6)
        image_map = spot(5, method, layer) if method == "raw" or not seen.any() else share_map(seen)
        return VqaResult(
            named, [(named, certain), ("orange", 0.04), ("pink", 0.01)], question, tokens, image_map,
            {"image": 0.71, "text": 0.29}, True, 1.0, Trace(), image, method, "fake", unknown,
        )  # fmt: skip

    def probe(self, result: VqaResult, part: Part, removal: str = "default") -> Probe:
        if part == "image":
            return probe(part, result.answer, removal, result.image_map, coloured(result.image))
        words = np.array([max(0.0, token.relevance) for token in result.question_tokens])
        return probe(part, result.answer, removal, words, words, [token.token for token in result.question_tokens])

    def coalition_shares(self, result: VqaResult) -> dict[str, float]:
        return {"image": 0.6, "text": 0.4}

    def randomised(self, result: VqaResult, *_: int | None) -> Iterator[tuple[str, np.ndarray]]:
        yield "last layer", result.image_map
        yield "everything", spot(3, "raw")

    def explain(self, result: VqaResult, method: str, layer: int | None = None, head: int | None = None) -> VqaResult:
        return self(result.image, result.question, method=method, layer=layer, head=head)


def fake(name: str, model: str | None = None, delay: float = 0.0) -> Any:
    """A factory for `Models`; every model is the same but for its id."""
    made = {"caption": FakeCaption, "vqa": FakeVqa, "sentiment": FakeSentiment, "retrieval": FakeRetrieval}
    if name not in made:
        raise UserError(f"There is no task {name}.")
    task = made[name](delay)
    if model is not None:
        task.info = replace(task.info, id=model)
    return task
