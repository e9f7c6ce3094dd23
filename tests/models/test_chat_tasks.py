"""Chat models through everything that people call: tasks, evidence, command line."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from transformers import Qwen2_5_VLForConditionalGeneration, SmolVLMForConditionalGeneration

import mm_demo
from mm_demo.__main__ import main
from mm_demo.errors import UserError
from tests.models.chat_asking import picture
from tests.models.chat_checkpoints import MAKERS, save

QUESTION = "What color is the red star?"
OFFERED = {"raw", "attention_gradient", "mean"}


@pytest.fixture(scope="module", params=[SmolVLMForConditionalGeneration, Qwen2_5_VLForConditionalGeneration])
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    made = MAKERS[request.param](request.param, seed=8)
    return str(save(tmp_path_factory.mktemp("chat"), *made))


@pytest.mark.parametrize("size", [(96, 64), (1, 1), (4000, 20)], ids=str)
def test_a_caption_with_all_that_explains_it(folder: str, size: tuple[int, int]) -> None:
    task = mm_demo.load("caption", folder)
    image = picture(*size)
    steps = list(task.stream(image))
    result = task(image)
    assert [s.token for s in steps] == [s.token for s in result.tokens]
    assert result.method == "raw"
    assert {m.name for m in task.methods} == OFFERED
    for streamed, step in zip(steps, result.tokens, strict=True):
        assert streamed.map == pytest.approx(step.map)
        assert step.map.sum() == pytest.approx(1) and step.map.min() >= 0
    for method in OFFERED:
        maps = task.explain(result, method)
        assert len(maps) == len(result.tokens) and not any(np.isnan(m).any() for m in maps)
        whole = task(image, method=method)
        assert [s.map for s in whole.tokens] == [pytest.approx(m, abs=1e-5) for m in maps]
    only = [s.map for s in task.stream(image, method="attention_gradient", layer=1, head=3)]
    assert only[-1] == pytest.approx(task.explain(result, "attention_gradient", 1, 3)[-1], abs=1e-4)


def test_the_evidence_for_a_caption(folder: str) -> None:
    task = mm_demo.load("caption", folder)
    result = task(picture(96, 64))
    assert 0 <= task.telling_word(result) < len(result.tokens)
    for removal in task.removals["image"]:
        probe = task.probe(result, 2, removal)
        keep = np.ones((3, probe.relevance.size), bool)
        keep[1] = False
        keep[2, ::2] = False
        found = probe.score(keep)
        assert found[0] == pytest.approx(result.tokens[2].probability, abs=1e-4)
        assert ((found >= 0) & (found <= 1)).all() and found[1] != pytest.approx(found[0], rel=1e-6)
    maps = list(task.randomised(result, 1))
    assert len(maps) == 5 and not any(np.isnan(m).any() for _, m in maps)


def test_an_answer_with_all_that_explains_it(folder: str) -> None:
    task = mm_demo.load("vqa", folder)
    result = task(picture(96, 64), QUESTION)
    assert result.answer == result.candidates[0][0]
    assert (
        "".join(
            QUESTION[before.end : after.start] + after.token
            for before, after in zip([type("_", (), {"end": 0}), *result.question_tokens], result.question_tokens)  # noqa: B905
        )
        == QUESTION
    )
    assert sum(result.modality_shares.values()) == pytest.approx(1)
    for method in OFFERED:
        other = task.explain(result, method)
        assert other.image_map.shape == result.image_map.shape and other.image_map.sum() == pytest.approx(1)
        assert max(abs(t.relevance) for t in other.question_tokens) == pytest.approx(1)
    for part, removals in task.removals.items():
        for removal in removals:
            probe = task.probe(result, part, removal)
            keep = np.ones((2, probe.relevance.size), bool)
            keep[1] = False
            found = probe.score(keep)
            assert found[0] == pytest.approx(result.candidates[0][1], rel=1e-2)
            assert found[1] != pytest.approx(found[0], rel=1e-4)
    shares = task.coalition_shares(result)
    assert sum(shares.values()) == pytest.approx(1)
    assert len(list(task.randomised(result))) == 5


@pytest.mark.parametrize("size", [(1, 1), (4000, 20)], ids=str)
def test_questions_about_odd_pictures(folder: str, size: tuple[int, int]) -> None:
    assert mm_demo.load("vqa", folder)(picture(*size), "<image> or <|im_end|>?").image_map.sum() == pytest.approx(1)


@pytest.mark.parametrize("method", ["rollout", "gradient"])
def test_methods_that_need_all_rows_are_refused(folder: str, method: str) -> None:
    for task, more in (("caption", ()), ("vqa", (QUESTION,))):
        with pytest.raises(UserError, match="can't explain this kind of model"):
            mm_demo.load(task, folder)(picture(), *more, method=method)


def test_three_at_once_are_answered_as_each_would_be_alone(folder: str) -> None:
    task = mm_demo.load("vqa", folder)
    asked = [(picture(90, 60, seed=i), f"is it {color}?") for i, color in enumerate(("red", "one", "a star"))]
    alone = [task(*each) for each in asked]
    with ThreadPoolExecutor(3) as pool:
        together = list(pool.map(lambda each: task(*each), asked * 2))
    for one, other in zip(alone * 2, together, strict=True):
        assert one.answer == other.answer
        assert one.image_map == pytest.approx(other.image_map, abs=1e-6)


def test_the_command_line(folder: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "picture.png"
    picture().save(path)
    capfd.readouterr()
    assert main(["caption", str(path), "--model", folder, "--json", "--device", "cpu"]) == 0
    found = json.loads(capfd.readouterr().out)
    expected = mm_demo.load("caption", folder, "cpu")(path)
    assert found["caption"] == expected.answer
    assert [t["token"] for t in found["tokens"]] == [s.token for s in expected.tokens]
