"""`fusion` for machines and for people, on a person's own small data."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

CommandLine = Callable[..., Any]


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    random = np.random.default_rng(0)
    text, image = random.normal(size=(2, 200, 3))
    np.savez(tmp_path / "mine.npz", text=text, image=image, labels=np.where(text[:, 0] > 0, "up", "down"))
    return tmp_path / "mine.npz"


def test_json_is_the_one_thing_on_stdout(command: CommandLine, mine: Path) -> None:
    outcome = command("fusion", "--data", mine, "--strategies", "early, late", "--seeds", 2, "--json")
    assert outcome.status == 0 and outcome.out.count("\n") == 1
    answer = json.loads(outcome.out)
    assert answer["data"] == "mine"
    assert [(row["strategy"], row["family"]) for row in answer["rows"]] == [("early", "early"), ("late", "late")]
    for row in answer["rows"]:
        low, high = row["accuracy"]["ci95"]
        assert low <= row["accuracy"]["mean"] <= high and 0.7 < row["accuracy"]["mean"] <= 1
        assert row["parameters"] > 1_000
    assert "early:" in outcome.err and "validation accuracy" in outcome.err


def test_for_people_and_as_a_file(command: CommandLine, mine: Path, tmp_path: Path) -> None:
    outcome = command("fusion", "--data", mine, "--strategies", "late", "--seeds", 1, "--save", tmp_path / "out.md")
    assert outcome.status == 0
    lines = outcome.out.splitlines()
    assert lines[0].startswith("mine (30 test examples, 1 seed; chance")
    assert any(line.startswith("late ") for line in lines) and any(line.startswith("late: ") for line in lines)
    assert "Information about the label in bits (at least" in outcome.out
    assert (tmp_path / "out.md").read_text(encoding="utf-8").startswith("| strategy |")


@pytest.mark.parametrize(
    ("argv", "part"),
    [
        (["--strategies", "magic"], "no fusion strategy “magic”"),
        (["--strategies", ","], "Name a strategy"),
        (["--data", "nothing"], "no data “nothing”"),
        (["--data", "digits"], "Free Spoken Digit"),
        (["--seeds", "0"], "whole number"),
        (["--model", "x"], "no --model"),
        (["--device", "abacus"], "abacus"),
        (["--save", "table.doc"], ".csv, .json, .md, .tex"),
        (["--save", "no/such/folder/table.csv"], "no folder"),
    ],
)
def test_mistakes_are_one_sentence(command: CommandLine, argv: list[str], part: str) -> None:
    outcome = command("fusion", *argv)
    assert (outcome.status, outcome.out) == (2, "")
    assert outcome.err.count("\n") == 1 and part in outcome.err


def test_a_bad_file_is_one_sentence(command: CommandLine, tmp_path: Path) -> None:
    (tmp_path / "bad.npz").write_bytes(b"no")
    outcome = command("fusion", "--data", tmp_path / "bad.npz")
    assert (outcome.status, outcome.out, outcome.err.count("\n")) == (2, "", 1)
