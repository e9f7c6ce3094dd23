"""The lab's tab without a browser: choices, mistakes, the table, and what programs may ask."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np
import pytest

from mm_demo.errors import UserError
from mm_demo.fusion import STRATEGIES
from mm_demo.lab import Experiment, compare
from mm_demo.lab.families import families
from mm_demo.ui.lab.data_source import open_chosen
from mm_demo.ui.lab.earlier import MOST, EarlierRuns, Reached, side_by_side
from mm_demo.ui.lab.endpoint import fusion
from mm_demo.ui.lab.example import SLIDERS, ExamplePanel
from mm_demo.ui.lab.report import ReportPanel
from mm_demo.ui.lab.run import Run
from mm_demo.ui.lab.strategy_picker import DEFAULTS, FAMILIES
from tests.lab.small import PLAN, small

AMOUNTS = (0.0, 0.0, 0.0, 0.0, 0.09)


@pytest.fixture(scope="module")
def run() -> Run:
    """A run that is over."""
    found = Run(Experiment(small(), ["early", "late"], PLAN))
    list(found.watch())
    return found


@pytest.fixture(scope="module")
def own_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    generator = np.random.default_rng(0)
    voice, words = generator.normal(size=(2, 90, 3))
    path = tmp_path_factory.mktemp("own") / "mine.npz"
    np.savez(path, voice=voice, words=words, labels=np.where(voice[:, 0] > 0, "up", "down"))
    return path


def test_every_family_has_its_boxes_and_the_default_exists() -> None:
    assert set(FAMILIES) == set(families()) and set(DEFAULTS) <= set(STRATEGIES)


def test_a_mixture_and_a_file_are_opened(own_file: Path) -> None:
    mixed = open_chosen("mixture", 1.0, 0.0, 0.0, 0.5, 0.2, None)
    assert "redundancy 1" in mixed.title and "synergy 0.5" in mixed.title
    assert open_chosen("own", *AMOUNTS, str(own_file)).names == ("voice", "words")
    assert open_chosen("sequence", *AMOUNTS, str(own_file)).name == "sequence"


@pytest.mark.parametrize(("kind", "sentence"), [("own", "give an .npz"), ("mixture", "turn up")])
def test_a_choice_that_is_not_finished_is_one_sentence(kind: str, sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        open_chosen(kind, *AMOUNTS, None)


def test_the_table_holds_the_figures_and_the_files_all_of_them(run: Run) -> None:
    with gr.Blocks():
        panel = ReportPanel(gr.State(None))
        updates = panel.shown(run)
    assert len(updates) == len(panel.outputs) and run.comparison is not None
    table = updates[1]
    rows = {cells[0]: dict(zip(table["headers"], cells, strict=True)) for cells in table["data"]}
    assert set(rows) == {"Early fusion", "Late fusion", "Only image", "Only speech", "Only text"}
    accuracies = [cells["Accuracy %"] for cells in rows.values()]
    assert accuracies == sorted(accuracies, reverse=True)
    for row in run.comparison.strategies:
        values = np.array(row.scores.accuracy.values)
        assert rows[row.label]["Accuracy %"] == pytest.approx(100 * values.mean(), abs=0.06)
        half = 4.302653 * values.std(ddof=1) / 3**0.5  # Student's t for 2 degrees of freedom
        assert rows[row.label]["± 95 %"] == pytest.approx(100 * half, abs=0.06)
    assert rows["Only text"]["EMAP gap"] is None and rows["Late fusion"]["Against late"] == 0
    said = updates[2]
    assert all(verdict.split(":")[0] in said for verdict in run.comparison.verdicts.values())
    files = [Path(update["value"]) for update in updates[3:7]]
    assert [file.suffix for file in files] == [".csv", ".json", ".md", ".tex"]
    assert all("early" in file.read_text() for file in files)


def test_an_example_gets_a_slider_for_each_modality(run: Run) -> None:
    with gr.Blocks():
        panel = ExamplePanel(gr.State(None))
        updates = panel.shown(run)
        hidden = panel.shown(None)
    assert len(updates) == len(hidden) == len(panel.outputs) and hidden[0]["visible"] is False
    noises = updates[2 : 2 + SLIDERS]
    assert [noise["visible"] for noise in noises] == [True, True, True, False]
    assert "speech" in noises[1]["label"] and updates[1]["maximum"] == 20
    assert updates[-1].count('<th scope="row">') == 2


def test_a_second_run_stands_beside_the_first(run: Run) -> None:
    with gr.Blocks():
        panel = EarlierRuns()
    runs, column, _ = panel.shown(run, [])
    assert len(runs) == 1 and column["visible"] is False
    comparison = run.comparison
    assert comparison is not None
    other = Reached(2, "2: synergy, 1 seed", {comparison.strategies[0].label: "95.0", "Another": "50.0"})
    shown = side_by_side([runs[0], other])
    assert shown["headers"] == ["Strategy", runs[0].title, other.title] and len(runs[0].title.split(":")) == 2
    rows = {row[0]: row[1:] for row in shown["data"]}
    mean = f"{100 * comparison.strategies[0].scores.accuracy.mean:.1f}"
    assert (
        rows[comparison.strategies[0].label][0].startswith(mean) and rows[comparison.strategies[0].label][1] == "95.0"
    )
    assert rows["Another"] == ["", "50.0"] and rows[comparison.controls[0].label][1] == ""
    many = panel.shown(run, [*runs * 10, other])[0]
    assert len(many) == MOST and many[-1].number == 3
    assert panel.shown(None, runs) == [gr.skip()] * 3


def test_a_program_gets_what_a_direct_call_finds(own_file: Path) -> None:
    found = fusion("", str(own_file), " late ,", 1)
    direct: dict[str, Any] = compare(str(own_file), ["late"], 1).to_json()
    assert list(found) == list(direct)
    assert [row["strategy"] for row in found["rows"]] == ["late"]
    assert found["rows"][0]["accuracy"] == direct["rows"][0]["accuracy"]


@pytest.mark.parametrize(
    ("data", "strategies", "seeds", "sentence"),
    [
        ("synergy", "early", 0, "ask for 1 to 10"),
        ("synergy", "early", 11, "ask for 1 to 10"),
        ("synergy", "early", 1.5, "ask for 1 to 10"),
        ("synergy", "earl", 1, "There is no fusion strategy “earl”"),
        ("/etc", "early", 1, "There is no data “/etc”"),
        ("digits", "early", 1, "There is no data “digits”"),
    ],
)
def test_a_program_s_mistake_is_one_sentence(data: str, strategies: str, seeds: float, sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        fusion(data, None, strategies, seeds)
