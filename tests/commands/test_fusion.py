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


def test_a_kept_run_goes_on_and_is_shown_beside_another(command: CommandLine, mine: Path, tmp_path: Path) -> None:
    run = ["fusion", "--data", mine, "--run", tmp_path / "run", "--json"]
    first = command(*run, "--strategies", "early,late", "--seeds", 2)
    again = command(*run)
    assert first.status == again.status == 0 and "early:" in first.err and again.err == ""
    kept, found = json.loads(first.out), json.loads(again.out)
    assert [row["accuracy"] for row in found["rows"]] == [row["accuracy"] for row in kept["rows"]]
    (tmp_path / "run" / "03.safetensors").unlink()  # as if it had been stopped before the last strategy
    about = json.loads((tmp_path / "run" / "run.json").read_text(encoding="utf-8"))
    about["begun"].remove("late")
    (tmp_path / "run" / "run.json").write_text(json.dumps(about), encoding="utf-8")
    rest = command(*run)
    assert "late:" in rest.err and "early:" not in rest.err
    assert [row["accuracy"] for row in json.loads(rest.out)["rows"]] == [row["accuracy"] for row in kept["rows"]]
    other = command("fusion", "--data", mine, "--strategies", "late", "--seeds", 1, "--beside", tmp_path / "run")
    assert "this run (mine)" in other.out and "run (mine)" in other.out
    (line,) = [line for line in other.out.splitlines() if line.startswith("early ") and "—" in line]
    assert f"{100 * kept['rows'][0]['accuracy']['mean']:.1f} ±" in line


@pytest.mark.parametrize(("argv", "part"), [(["--strategies", "gated"], "another folder"), (["--seeds", 1], "--seeds")])
def test_a_kept_run_of_something_else_is_not_touched(
    command: CommandLine, mine: Path, tmp_path: Path, argv: list[Any], part: str
) -> None:
    run = ["fusion", "--data", mine, "--run", tmp_path / "run"]
    assert command(*run, "--strategies", "late", "--seeds", 2).status == 0
    before = (tmp_path / "run" / "run.json").read_bytes()
    outcome = command(*run, *argv)
    assert (outcome.status, outcome.out, outcome.err.count("\n")) == (2, "", 1) and part in outcome.err
    assert (tmp_path / "run" / "run.json").read_bytes() == before
    empty = command("fusion", "--data", mine, "--beside", tmp_path)
    assert empty.status == 2 and "no run of the fusion lab" in empty.err
