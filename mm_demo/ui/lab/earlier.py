"""The runs of this page side by side: what each strategy reached in this one and in those before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import gradio as gr

from mm_demo.ui.lab.run import Run
from mm_demo.ui.lab.training import KEPT_SECONDS

if TYPE_CHECKING:
    from mm_demo.lab import Comparison

MOST = 8
"""Runs that are remembered, the last ones."""


@dataclass(frozen=True)
class Reached:
    """A run as a column.

    Attributes:
        number: which run of the page it was, from 1.
        title: its data and seeds.
        accuracies: label of a strategy or single modality → per cent, with half of the interval where there is one.
    """

    number: int
    title: str
    accuracies: dict[str, str]


class EarlierRuns:
    """A table with a column for every run of the page, hidden until there are two.

    Attributes:
        runs: the component that holds them.
        outputs: the components that `shown` updates, in its order.
    """

    def __init__(self) -> None:
        self.runs = gr.State([], time_to_live=KEPT_SECONDS)
        with gr.Column(visible=False, elem_id="lab-earlier") as self._all:
            gr.HTML("<h3>This page's runs side by side: accuracy %</h3>")
            self._table = gr.Dataframe(
                type="array", interactive=False, wrap=True, pinned_columns=1, label="Accuracy in each run"
            )
        self.outputs: list[Any] = [self.runs, self._all, self._table]

    def shown(self, run: Run | None, before: list[Reached]) -> list[Any]:
        """Updates of `outputs` for a run that is over."""
        if run is None or run.comparison is None:
            return [gr.skip()] * len(self.outputs)
        runs = [*before, reached(run.comparison, before[-1].number + 1 if before else 1)][-MOST:]
        return [runs, gr.update(visible=len(runs) > 1), side_by_side(runs)]


def reached(found: Comparison, number: int) -> Reached:
    """A run's column."""
    seeds = len(found.plan.seeds)
    rows = [*found.strategies, *found.controls]
    return Reached(
        number,
        f"{number}: {found.data}, {seeds} seed{'' if seeds == 1 else 's'}",
        {row.label: row.scores.accuracy.percent for row in rows},
    )


def side_by_side(runs: list[Reached]) -> dict[str, Any]:
    """What a `gr.Dataframe` takes: a row for whatever is in any run, empty where a run lacks it."""
    labels = dict.fromkeys(label for run in runs for label in run.accuracies)
    return {
        "headers": ["Strategy", *(run.title for run in runs)],
        "data": [[label, *(run.accuracies.get(label, "") for run in runs)] for label in labels],
    }
