"""The question task: ranked answers, the words and regions behind the first, alone or among others."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import numpy as np
import pytest
import torch
from PIL import Image

import mm_demo
from mm_demo.errors import UserError
from mm_demo.tasks.results import VqaResult
from mm_demo.tasks.vqa import VqaTask

QUESTION = "What colour is the red star?"
QUESTIONS = [
    QUESTION, "how many red?", "is there a house", "what is left of the car", "the circle is blue?", "red",
    "a tree and a car", "how many green star",
]  # fmt: skip


@pytest.fixture(scope="module")
def task(vqa_folder: Path) -> VqaTask:
    return mm_demo.load("vqa", str(vqa_folder), "cpu")


def _assert_same(found: VqaResult, expected: VqaResult) -> None:
    assert [answer for answer, _ in found.candidates] == [answer for answer, _ in expected.candidates]
    assert found.modality_shares == pytest.approx(expected.modality_shares, abs=1e-4)
    np.testing.assert_allclose(found.image_map, expected.image_map, atol=1e-4)
    for mine, lone in zip(found.question_tokens, expected.question_tokens, strict=True):
        assert mine.relevance == pytest.approx(lone.relevance, abs=1e-3)
        np.testing.assert_allclose(mine.map, lone.map, atol=1e-4)


def test_an_answer_comes_with_its_evidence(task: VqaTask, pictures: list[Image.Image]) -> None:
    result = task(pictures[0], f"  {QUESTION} ")
    assert result.question == QUESTION
    assert result.answer == result.candidates[0][0]
    assert sum(probability for _, probability in result.candidates) <= 1.0 + 1e-6
    assert sum(result.modality_shares.values()) == pytest.approx(1.0)
    assert set(result.modality_shares) == {"image", "text"}
    assert result.image_map.shape == (4, 4)
    assert result.image_map.sum() == pytest.approx(1.0)
    assert [token.token for token in result.question_tokens] == ["What", "colour", "is", "the", "red", "star", "?"]
    assert [token.known for token in result.question_tokens] == [True, False, True, True, True, True, True]
    assert result.unknown_words == ["colour"]
    assert max(abs(token.relevance) for token in result.question_tokens) == pytest.approx(1.0)
    for token in result.question_tokens:
        assert QUESTION[token.start : token.end] == token.token
        assert token.map.sum() == pytest.approx(1.0)
    assert len(json.dumps(result.to_json())) > 0


def test_the_raw_map_goes_through_the_question(task: VqaTask, pictures: list[Image.Image]) -> None:
    result = task(pictures[0], QUESTION, method="raw")
    look = {
        (query, key): np.mean([r.weights.numpy() for r in result.trace.select("cross", query, key)], axis=(0, 1))
        for query, key in (("answer", "question"), ("question", "image"))
    }
    composed = (look["answer", "question"] @ look["question", "image"]).sum(0)[1:].reshape(4, 4)
    np.testing.assert_allclose(result.image_map, composed / composed.sum(), atol=1e-6)
    word = look["question", "image"][1, 1:].reshape(4, 4)
    np.testing.assert_allclose(result.question_tokens[0].map, word / word.sum(), atol=1e-6)


def test_explain_keeps_the_answer_and_changes_the_maps(task: VqaTask, pictures: list[Image.Image]) -> None:
    result = task(pictures[1], QUESTION)
    for method in task.methods:
        found = task.explain(result, method.name)
        assert found.candidates == result.candidates
        assert found.modality_shares == result.modality_shares
        assert found.method == method.name
        _assert_same(found, task(pictures[1], QUESTION, method=method.name))
    assert np.abs(task.explain(result, "raw").image_map - result.image_map).max() > 1e-3
    assert task.explain(result, "raw", layer=0, head=1).image_map.sum() == pytest.approx(1.0)


def test_the_map_of_attention_times_gradient_is_what_the_score_owes(task: VqaTask, pictures: list[Image.Image]) -> None:
    result = task(pictures[0], QUESTION, method="attention_gradient")
    records = result.trace.select("cross", "question", "image")
    products = [r.weights * r.gradient for r in records if r.gradient is not None]
    owed = torch.stack([product.mean(0).sum(0) for product in products]).sum(0)[1:].clamp(min=0)
    np.testing.assert_allclose(result.image_map.ravel(), (owed / owed.sum()).numpy(), atol=1e-5)


def test_eight_people_at_once_get_their_own(task: VqaTask, pictures: list[Image.Image]) -> None:
    alone = [task(image, question) for image, question in zip(pictures, QUESTIONS, strict=True)]
    together = Barrier(8)

    def run(asked: tuple[Image.Image, str]) -> VqaResult:
        together.wait()
        return task(*asked)

    with ThreadPoolExecutor(8) as pool:
        for _ in range(2):
            for found, expected in zip(pool.map(run, zip(pictures, QUESTIONS, strict=True)), alone, strict=True):
                _assert_same(found, expected)


def test_bad_questions_are_one_sentence_and_the_next_one_works(task: VqaTask, pictures: list[Image.Image]) -> None:
    for question in ("", "   ", "red " * 120):
        with pytest.raises(UserError):
            task(pictures[0], question)
    with pytest.raises(UserError, match="no method"):
        task(pictures[0], QUESTION, method="magic")
    assert task(pictures[0], QUESTION).answer
