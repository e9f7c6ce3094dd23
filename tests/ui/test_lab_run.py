"""A run on the page: the same as without a page, two at once, and an end."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from mm_demo.lab import Comparison, Experiment
from mm_demo.ui.lab.run import Event, Failed, Finished, Learning, Measuring, Run, Waiting
from tests.lab.small import PLAN, small

STRATEGIES = ["early", "late"]


def new_run(seed: int = 0) -> Run:
    return Run(Experiment(small(seed), STRATEGIES, PLAN))


def figures(comparison: Comparison | None) -> list[tuple[object, ...]]:
    assert comparison is not None
    rows = [*comparison.controls, *comparison.strategies]
    return [(row.strategy, row.scores.accuracy.values, row.emap_accuracy, row.area) for row in rows]


def alone(seed: int) -> list[tuple[object, ...]]:
    experiment = Experiment(small(seed), STRATEGIES, PLAN)
    list(experiment.train())
    return figures(Comparison.of(experiment.data, experiment.plan, experiment.rows()))


def test_two_at_once_find_what_each_finds_alone() -> None:
    runs = [new_run(0), new_run(1)]
    with ThreadPoolExecutor(2) as people:
        told = list(people.map(lambda run: [event for event in run.watch() if not isinstance(event, Waiting)], runs))
    for seed, (run, events) in enumerate(zip(runs, told, strict=True)):
        assert isinstance(events[-1], Finished) and events[-1].comparison is run.comparison
        assert figures(run.comparison) == alone(seed)
        measured = [event.strategy for event in events if isinstance(event, Measuring)]
        assert measured == list(run.curves) == run.experiment.names
        assert all(len(curve) == PLAN.epochs and 0 <= min(curve) <= max(curve) <= 1 for curve in run.curves.values())
    assert figures(runs[0].comparison) != figures(runs[1].comparison)


def test_what_is_through_when_it_is_stopped_is_reported() -> None:
    run = new_run()
    for event in run.watch():
        if isinstance(event, Learning) and event.progress.strategy == "late":
            run.control.cancel()
        last: Event = event
    assert isinstance(last, Finished) and run.comparison is not None
    assert [row.strategy for row in run.comparison.strategies][:1] == ["early"]


def test_the_next_run_goes_on_and_finds_what_an_uninterrupted_one_does() -> None:
    run = new_run()
    for event in run.watch():
        if isinstance(event, Learning) and event.progress.strategy == "early":
            run.control.cancel()
    again = Run.after(run, small(), STRATEGIES, PLAN)
    trained = [event.progress.strategy for event in again.watch() if isinstance(event, Learning)]
    assert trained[0] == "early" and set(trained) == {"early", "late"} and len(trained) < 2 * PLAN.epochs
    assert figures(again.comparison) == alone(0)
    assert len(again.curves["early"]) == PLAN.epochs
    assert Run.after(again, small(1), STRATEGIES, PLAN).experiment.fits == {}, "other data"
    assert Run.after(new_run(), small(), STRATEGIES, PLAN).experiment.fits == {}, "not over"


def test_a_watcher_that_leaves_stops_it() -> None:
    run = new_run()
    watching = run.watch()
    next(watching)
    watching.close()
    assert run.control.cancelled


def test_an_error_is_the_last_event(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> None:
        raise RuntimeError("no memory")

    run = new_run()
    monkeypatch.setattr(run.experiment, "rows", broken)
    *_, last = run.watch()
    assert isinstance(last, Failed) and str(last.error) == "no memory"
