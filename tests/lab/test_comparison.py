"""A comparison from beginning to end: what it measures, says, exports, and keeps on disk."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from mm_demo.errors import UserError
from mm_demo.fusion import STRATEGIES
from mm_demo.lab import EXPORTS, Comparison, Control, Experiment, compare, load_report, load_run, save_run
from mm_demo.lab.evaluation import Row
from mm_demo.lab.report.verdict import verdict
from tests.lab.small import PLAN, small

BUDGET = replace(PLAN, epochs=3, rates=(0.01,))


@pytest.fixture(scope="module")
def experiment() -> Experiment:
    experiment = Experiment(small(), ["late", "early"], BUDGET)
    for _ in experiment.train():
        pass
    return experiment


@pytest.fixture(scope="module")
def comparison(experiment: Experiment) -> Comparison:
    return Comparison.of(experiment.data, experiment.plan, experiment.rows())


def test_what_is_measured(comparison: Comparison, experiment: Experiment) -> None:
    assert [row.strategy for row in comparison.controls] == ["only image", "only speech", "only text"]
    assert [row.strategy for row in comparison.strategies] == ["late", "early"]
    late, early = comparison.strategies
    modalities, labels = experiment.data.part("test")
    answers = experiment.fits["early"].answers(modalities)[0].argmax(2)
    assert early.scores.accuracy.values == pytest.approx((answers == labels).float().mean(1).tolist())
    assert early.parameters == sum(p.numel() for p in experiment.fits["early"].model(0).parameters())
    assert late.additive and not early.additive and late.pooled
    assert early.curves.shape[0] == 3 and early.curves.shape[2] == 3 and np.isfinite(early.curves[:, 0]).all()
    assert (late.weights_kind, early.weights_kind) == ("own", "shapley")
    for row in (late, early):
        assert row.weights is not None and sum(row.weights.values()) == pytest.approx(1, abs=1e-4)
    assert late.relative_area == 0 and early.area is not None
    assert early.relative_area == pytest.approx(early.area - (late.area or 0))
    assert comparison.information is None, "of three modalities there is no agreed decomposition"
    assert list(comparison.p) == [("late", "early")]


def test_json_is_what_is_promised(comparison: Comparison) -> None:
    found = json.loads(EXPORTS["json"](comparison))
    assert found["data"] == "small"
    row = found["rows"][0]
    assert row["strategy"] == "late" and row["family"] == "late"
    assert 0 <= row["accuracy"]["mean"] <= 1 and len(row["accuracy"]["ci95"]) == 2
    assert row["parameters"] > 0 and row["latency_ms"] > 0
    assert found["controls"][0]["emap"]["gap"] is None


def test_tables(comparison: Comparison) -> None:
    lines = list(csv.DictReader(io.StringIO(EXPORTS["csv"](comparison))))
    assert [line["strategy"] for line in lines] == ["only image", "only speech", "only text", "late", "early"]
    assert float(lines[4]["accuracy"]) == comparison.strategies[1].scores.accuracy.mean
    markdown = EXPORTS["md"](comparison).splitlines()
    assert len({line.count("|") for line in markdown[:7]}) == 1
    latex = EXPORTS["tex"](comparison)
    body = latex.split(r"\midrule")[1].split(r"\bottomrule")[0]
    assert body.count(r"\\") == 5 and r"accuracy \%" in latex


def test_a_strategy_is_compared_the_same_beside_others(experiment: Experiment) -> None:
    alone = Experiment(small(), ["early"], BUDGET)
    for _ in alone.train():
        pass
    (row,) = (row for row in alone.rows() if row.strategy == "early")
    (beside,) = (row for row in experiment.rows() if row.strategy == "early")
    assert row.scores == beside.scores
    assert row.relative_area is None, "there is no late fusion in this run"


def test_a_run_on_disk_is_found_again_and_gone_on_with(tmp_path: Path, experiment: Experiment) -> None:
    stopped = Experiment(small(), ["late", "early"], BUDGET)
    control = Control()
    for event in stopped.train(control):
        if event.strategy == "late" and event.epoch == 2:
            control.cancel()
    save_run(stopped, tmp_path / "run")
    again = load_run(tmp_path / "run", small())
    events = [(event.strategy, event.epoch) for event in again.train()]
    assert events[0] == ("late", 3) and events[1][0] == "early", "what was through isn't trained again"
    torch.testing.assert_close(again.fits["late"].state.chosen(), experiment.fits["late"].state.chosen())
    save_run(again, tmp_path / "run")
    report = load_report(tmp_path / "run")["report"]
    assert [row["strategy"] for row in report["rows"]] == ["late", "early"]
    before = {row.strategy: row.scores.accuracy.mean for row in experiment.rows()}
    assert {row["strategy"]: row["accuracy"]["mean"] for row in report["rows"]} == {
        name: before[name] for name in ("late", "early")
    }


def test_runs_that_cannot_be_opened(tmp_path: Path, experiment: Experiment) -> None:
    with pytest.raises(UserError, match="no run"):
        load_run(tmp_path, small())
    save_run(experiment, tmp_path)
    with pytest.raises(UserError, match="other data"):
        load_run(tmp_path, small(seed=1))
    (tmp_path / "03.safetensors").write_bytes(b"half")
    with pytest.raises(UserError, match="damaged"):
        load_run(tmp_path, small())
    (tmp_path / "run.json").write_text("{}")
    with pytest.raises(UserError, match="incomplete"):
        load_report(tmp_path)


def test_mistakes() -> None:
    with pytest.raises(UserError, match="no fusion strategy “magic”"):
        compare(small(), ["early", "magic"])
    with pytest.raises(UserError, match="Name a strategy"):
        compare(small(), [])
    with pytest.raises(UserError, match="no data “nothing”"):
        compare("nothing", ["early"])


def test_cancelled_before_anything_is_an_empty_report() -> None:
    control = Control()
    control.cancel()
    found = compare(small(), ["early"], seeds=1, control=control)
    assert found.strategies == [] and found.controls == []


@pytest.mark.parametrize("name", list(STRATEGIES))
def test_every_strategy_goes_all_the_way(name: str) -> None:
    experiment = Experiment(small(train=60), [name], replace(BUDGET, epochs=1, seeds=(0, 1)))
    for _ in experiment.train():
        pass
    found = Comparison.of(experiment.data, experiment.plan, experiment.rows())
    assert [row.strategy for row in found.strategies] == [name]
    json.dumps(found.to_json(), allow_nan=False)


def test_sentences(comparison: Comparison) -> None:
    late, early = comparison.strategies
    control = comparison.controls[0]

    def at(row: Row, accuracy: float, interaction: float | None = 0.0) -> Row:
        scores = replace(row.scores, accuracy=replace(row.scores.accuracy, values=(accuracy,)))
        return replace(
            row,
            scores=scores,
            accuracy_there=accuracy,
            emap_accuracy=None if interaction is None else accuracy - interaction,
        )

    weak, best = at(control, 0.5, None), at(early, 0.95, 0.4)
    blind = at(late, 0.51)
    rows = [weak, best, blind]
    assert "label lies in the two together" in verdict(blind, rows, 0.5)
    assert "pooled vector" in verdict(replace(at(early, 0.51), pooled=True), rows, 0.5)
    assert "training with this budget" in verdict(replace(at(early, 0.51), pooled=False), rows, 0.5)
    assert verdict(best, rows, 0.5).startswith("45.0 points above the best single modality; 40.0 points")
    assert "says nothing about the label" in verdict(weak, rows, 0.5)
    strong = at(control, 0.95, None)
    assert "adds nothing" in verdict(best, [strong, best], 0.5)
    assert "all that any strategy found" in verdict(strong, [strong, best], 0.5)
    assert "adding up" in verdict(at(late, 0.8), [at(control, 0.7, None), at(late, 0.8)], 0.5)
