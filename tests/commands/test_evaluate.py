"""`evaluate` passes on what was asked and shows what was measured."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from mm_demo.commands.report import bar, outline, table

CommandLine = Callable[..., Any]
FIGURES = {
    "model": "m",
    "n": 40,
    "splits": {
        "test": {
            "color": {"accuracy": 0.98, "baseline": 0.2, "n": 9},
            "count": {"accuracy": 1.0, "baseline": 0.4, "n": 5},
        }
    },
}


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    seen: list[dict[str, Any]] = []
    module = ModuleType("mm_demo.evaluation.vqa")

    def evaluate(
        seed: int | None = None,
        n: int | None = None,
        model: str | None = None,
        device: str | None = None,
        photographs: Path | None = None,
    ) -> dict[str, Any]:
        asked = {"seed": seed, "n": n, "photographs": photographs}
        given = {name: value for name, value in asked.items() if value is not None}
        seen.append({**given, "model": model, "device": device})
        return FIGURES

    module.evaluate = evaluate  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, module.__name__, module)
    return seen


def test_json(command: CommandLine, calls: list[dict[str, Any]]) -> None:
    outcome = command("evaluate", "vqa", "--seed", 3, "--n", 40, "--model", "m", "--device", "cpu", "--json")
    assert json.loads(outcome.out) == FIGURES
    assert calls == [{"seed": 3, "n": 40, "model": "m", "device": "cpu"}]


def test_seed_and_n_are_the_evaluations_own_unless_given(command: CommandLine, calls: list[dict[str, Any]]) -> None:
    assert command("evaluate", "vqa").status == 0
    assert calls == [{"model": None, "device": None}]


def test_photographs(command: CommandLine, calls: list[dict[str, Any]], tmp_path: Path) -> None:
    assert command("evaluate", "vqa", "--photographs", tmp_path).status == 0
    assert calls == [{"model": None, "device": None, "photographs": tmp_path}]
    outcome = command("evaluate", "vqa", "--photographs", tmp_path / "none", "--json")
    assert (outcome.status, outcome.out, outcome.err.count("\n")) == (2, "", 1)


def test_an_option_of_another_task_is_a_mistake(
    command: CommandLine, calls: list[dict[str, Any]], tmp_path: Path
) -> None:
    outcome = command("evaluate", "vqa", "--data", tmp_path)
    assert (outcome.status, outcome.out, calls) == (2, "", [])
    assert "takes no --data" in outcome.err


def test_for_people(command: CommandLine, calls: list[dict[str, Any]]) -> None:
    assert command("evaluate", "vqa").out.splitlines() == [
        "model  m",
        "n      40",
        "splits",
        "  test",
        "           accuracy  baseline  n",
        "    color     0.980     0.200  9",
        "    count     1.000     0.400  5",
    ]


def test_outline_of_records_and_lists() -> None:
    figures = {"rows": [{"name": "a", "value": 0.5}, {"name": "bb", "value": None}], "seeds": [1, 2], "empty": {}}
    assert outline(figures).splitlines() == [
        "rows",
        "  name  value",
        "  a     0.500",
        "  bb    –",
        "seeds  1, 2",
        "empty",
    ]


def test_table_without_rows_has_its_headings() -> None:
    assert table([], ["a", "b"]) == "a  b"


@pytest.mark.parametrize(("fraction", "blocks"), [(0.0, 0), (1e-9, 1), (0.5, 10), (1.0, 20), (7.0, 20), (-1.0, 0)])
def test_bars(fraction: float, blocks: int) -> None:
    assert bar(fraction) == "█" * blocks
