"""The caption task: a caption with one map per token, live or at once, alone or among others."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextvars import Context
from pathlib import Path
from threading import Barrier

import numpy as np
import pytest
from PIL import Image

import mm_demo
from mm_demo.errors import UserError
from mm_demo.tasks.caption import CaptionTask
from mm_demo.tasks.results import CaptionResult, CaptionStep


@pytest.fixture(scope="module")
def task(caption_folder: Path) -> CaptionTask:
    return mm_demo.load("caption", str(caption_folder), "cpu")


def _assert_same(found: CaptionResult, expected: CaptionResult) -> None:
    assert found.answer == expected.answer
    for mine, lone in zip(found.tokens, expected.tokens, strict=True):
        assert mine.token == lone.token
        assert mine.probability == pytest.approx(lone.probability, abs=1e-5)
        np.testing.assert_allclose(mine.map, lone.map, atol=1e-5)


def test_every_token_has_a_probability_runners_up_and_a_map(task: CaptionTask, pictures: list[Image.Image]) -> None:
    result = task(pictures[0])
    assert result.method == "mean"
    assert result.image.size == pictures[0].size
    assert [step.index for step in result.tokens] == list(range(len(result.tokens)))
    for step in result.tokens:
        assert step.map.shape == (4, 4)
        assert step.map.min() >= 0
        assert step.map.sum() == pytest.approx(1.0)
        assert 1.0 >= step.probability >= step.runners_up[0][1] >= step.runners_up[-1][1] >= 0.0
    spelled = "".join(step.token if step.continues else f" {step.token}" for step in result.tokens)
    assert spelled.replace(" ", "") == result.answer.replace(" ", "")
    assert result.candidates[0][1] == pytest.approx(np.prod([step.probability for step in result.tokens]))
    assert len(json.dumps(result.to_json())) > 0


def test_a_map_of_attention_is_the_mean_of_the_words_own_rows(task: CaptionTask, pictures: list[Image.Image]) -> None:
    result = task(pictures[0], method="raw")
    for index, step in enumerate(result.tokens):
        rows = [record.weights[:, index, 1:].mean(0) for record in result.trace.select("cross", "caption", "image")]
        mean = sum(rows).numpy().reshape(4, 4)  # type: ignore[union-attr]
        np.testing.assert_allclose(step.map, mean / mean.sum(), atol=1e-6)


def test_unless_one_chooses_maps_keep_pace_with_the_words_and_get_better_when_they_stand(
    task: CaptionTask, pictures: list[Image.Image]
) -> None:
    stream, steps = task.stream(pictures[0]), []
    while True:
        try:
            steps.append(next(stream))
        except StopIteration as stop:
            result = stop.value
            break
    _assert_same(result, task(pictures[0]))
    live = task(pictures[0], method=task.live_method)
    for step, quick, final in zip(steps, live.tokens, result.tokens, strict=True):
        np.testing.assert_allclose(step.map, quick.map, atol=1e-5)
        assert np.abs(step.map - final.map).max() > 1e-3
    chosen = task(pictures[0], layer=1)
    for step, final in zip(task.stream(pictures[0], layer=1), chosen.tokens, strict=True):
        np.testing.assert_allclose(step.map, final.map, atol=1e-5)


@pytest.mark.parametrize("method", ["raw", "rollout", "gradient", "attention_gradient"])
def test_a_stream_shows_what_a_call_returns(task: CaptionTask, pictures: list[Image.Image], method: str) -> None:
    expected = task(pictures[1], method=method)
    steps: list[CaptionStep] = []

    def drain() -> Iterator[CaptionStep]:
        final.append((yield from task.stream(pictures[1], method=method)))

    final: list[CaptionResult] = []
    for step in drain():
        steps.append(step)
    assert [step.token for step in steps] == [step.token for step in expected.tokens]
    for mine, other in zip(steps, expected.tokens, strict=True):
        np.testing.assert_allclose(mine.map, other.map, atol=1e-4)
    _assert_same(final[0], expected if method == "raw" else task(pictures[1], method=method))


def test_a_stream_can_move_between_contexts(task: CaptionTask, pictures: list[Image.Image]) -> None:
    stream = task.stream(pictures[0])
    steps = []
    while (step := Context().run(next, stream, None)) is not None:
        steps.append(step)
    assert [step.token for step in steps] == [step.token for step in task(pictures[0]).tokens]


def test_explain_gives_the_maps_of_another_method(task: CaptionTask, pictures: list[Image.Image]) -> None:
    result = task(pictures[2])
    for method in ("raw", "rollout", "gradient", "attention_gradient"):
        maps = task.explain(result, method)
        direct = task(pictures[2], method=method)
        assert len(maps) == len(result.tokens)
        for mine, step in zip(maps, direct.tokens, strict=True):
            np.testing.assert_allclose(mine, step.map, atol=1e-5)
    one = task.explain(result, "raw", layer=1, head=2)
    assert np.abs(one[0] - result.tokens[0].map).max() > 1e-4


def test_eight_people_at_once_get_their_own(task: CaptionTask, pictures: list[Image.Image]) -> None:
    methods = ["raw", "gradient"] * 4
    alone = [task(image, method=method) for image, method in zip(pictures, methods, strict=True)]
    assert len({result.tokens[0].map.tobytes() for result in alone}) == 8
    together = Barrier(8)

    def run(asked: tuple[Image.Image, str]) -> CaptionResult:
        together.wait()
        return task(asked[0], method=asked[1])

    with ThreadPoolExecutor(8) as pool:
        for _ in range(2):
            for found, expected in zip(pool.map(run, zip(pictures, methods, strict=True)), alone, strict=True):
                _assert_same(found, expected)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"method": "magic"}, "no method 'magic'"),
        ({"method": "raw", "layer": 2}, "no layer 2; this model has layers 0 to 1"),
        ({"head": -1}, "no head -1"),
        ({"method": "rollout", "layer": 0}, "'rollout' has no layer to choose"),
    ],
)
def test_a_wrong_choice_is_one_sentence(
    task: CaptionTask, pictures: list[Image.Image], arguments: dict[str, object], sentence: str
) -> None:
    with pytest.raises(UserError, match=sentence):
        task(pictures[0], **arguments)  # type: ignore[arg-type]
    assert task(pictures[0]).answer


def test_methods_start_with_the_default(task: CaptionTask) -> None:
    assert task.methods[0].name == "mean"
    assert {method.name for method in task.methods} >= {"raw", "rollout", "gradient"}
