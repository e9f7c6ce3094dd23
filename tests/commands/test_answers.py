"""`caption` and `vqa` for machines and for people."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    Image.new("RGB", (8, 8), "red").save(tmp_path / "a.png")
    return tmp_path / "a.png"


def test_caption_json_is_the_one_thing_on_stdout(command: Callable[..., Any], loaded: list[Any], picture: Path) -> None:
    outcome = command("caption", picture, "--json", "--model", "some/model", "--device", "cpu")
    assert outcome.status == 0 and outcome.out.count("\n") == 1
    answer = json.loads(outcome.out)
    assert answer["caption"] == "a umbrella" and answer["familiar"] is False
    assert [token["token"] for token in answer["tokens"]] == ["a", "um", "brella"]
    assert answer["tokens"][0] == {"token": "a", "probability": 0.5, "map": [[0.25, 0.25], [0.25, 0.25]]}
    assert "Loading weights" in outcome.err and "compiled code" in outcome.err
    assert loaded == [("caption", "some/model", "cpu")]


def test_vqa_json(command: Callable[..., Any], loaded: list[Any], picture: Path) -> None:
    outcome = command("vqa", picture, " what  colour\n", "--json")
    answer = json.loads(outcome.out)
    assert answer["answer"] == "red"
    assert answer["candidates"] == [{"answer": "red", "probability": 0.75}, {"answer": "orange", "probability": 0.125}]
    assert answer["modality_shares"] == {"image": 0.625, "text": 0.375}
    assert answer["question_tokens"][1] == {"token": "colour", "relevance": 1.0}
    assert answer["image_map"] == [[0.25, 0.25], [0.25, 0.25]]
    assert answer["familiarity"] is None, "NaN is no JSON"
    assert loaded == [("vqa", None, None)]


def test_caption_for_people(command: Callable[..., Any], loaded: list[Any], picture: Path) -> None:
    out = command("caption", picture).out
    lines = out.splitlines()
    assert lines[0] == "a umbrella"
    assert lines[2].split() == ["word", "probability"]
    assert lines[3].split()[:2] == ["a", "0.500"]
    assert lines[4].split()[:2] == ["umbrella", "0.250"], "a word's pieces multiply"
    assert lines[3].count("█") == 2 * lines[4].count("█")
    assert "unlike those the model knows (familiarity 0.03)" in out
    assert "Loading" not in out and "compiled" not in out


def test_vqa_for_people(command: Callable[..., Any], loaded: list[Any], picture: Path) -> None:
    out = command("vqa", picture, "what colour").out
    assert out.startswith("red\n\nanswer")
    cells = [line.split() for line in out.splitlines()]
    for row in (["orange", "0.125"], ["image", "0.625"], ["what", "-0.500"]):
        assert any(line[:2] == row for line in cells)
    assert "doesn't know these words of the question: colour." in out
    assert "unlike" not in out
