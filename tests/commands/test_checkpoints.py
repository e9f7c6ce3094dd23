"""The command line with real checkpoints of random weights: good ones, foreign ones, damaged ones."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import mm_demo

CommandLine = Callable[..., Any]


@pytest.fixture
def picture(tmp_path: Path, pictures: list[Image.Image]) -> Path:
    pictures[0].save(tmp_path / "a.png")
    return tmp_path / "a.png"


def test_caption_says_what_python_says(command: CommandLine, caption_folder: Path, picture: Path) -> None:
    outcome = command("caption", picture, "--model", caption_folder, "--device", "cpu", "--json")
    assert (outcome.status, outcome.out.count("\n")) == (0, 1)
    answer = json.loads(outcome.out)
    result = mm_demo.load("caption", str(caption_folder), "cpu")(picture)
    assert answer["caption"] == result.answer and len(answer["tokens"]) == len(result.tokens)
    for written, step in zip(answer["tokens"], result.tokens, strict=True):
        assert written["token"] == step.token
        assert written["probability"] == pytest.approx(step.probability)
        assert np.allclose(written["map"], step.map)
        assert np.sum(written["map"]) == pytest.approx(1, abs=1e-4)


def test_vqa_says_what_python_says(command: CommandLine, vqa_folder: Path, picture: Path) -> None:
    question = "what color is the star?"
    outcome = command("vqa", picture, question, "--model", vqa_folder, "--device", "cpu", "--json")
    assert (outcome.status, outcome.out.count("\n")) == (0, 1)
    answer = json.loads(outcome.out)
    result = mm_demo.load("vqa", str(vqa_folder), "cpu")(picture, question)
    assert answer["answer"] == result.answer == answer["candidates"][0]["answer"]
    assert sum(candidate["probability"] for candidate in answer["candidates"]) <= 1 + 1e-6
    assert sum(answer["modality_shares"].values()) == pytest.approx(1)
    assert np.allclose(answer["image_map"], result.image_map)
    assert command("vqa", picture, question, "--model", vqa_folder, "--device", "cpu").out.startswith(result.answer)


def refused(command: CommandLine, picture: Path, *options: object) -> str:
    outcome = command("caption", picture, *options, "--json")
    assert (outcome.status, outcome.out, outcome.err.count("\n")) == (2, "", 1), outcome
    return str(outcome.err)


def test_checkpoints_that_cannot_be_used(
    command: CommandLine, caption_folder: Path, vqa_folder: Path, picture: Path, tmp_path: Path
) -> None:
    assert "no-such/model" in refused(command, picture, "--model", "no-such/model")
    (tmp_path / "nothing").mkdir()
    refused(command, picture, "--model", tmp_path / "nothing")
    refused(command, picture, "--model", vqa_folder)
    refused(command, picture, "--model", caption_folder, "--device", "toaster")
    shutil.copytree(caption_folder, tmp_path / "cut")
    weights = tmp_path / "cut" / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1000])
    refused(command, picture, "--model", tmp_path / "cut")
    assert command("caption", picture, "--model", caption_folder, "--device", "cpu").status == 0
