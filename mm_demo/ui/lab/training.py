"""The buttons Train, Pause and Stop, the line that says where it stands, and the curves."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import Any

import gradio as gr

from mm_demo.errors import UserError
from mm_demo.ui.lab.data_source import DataSource, open_chosen
from mm_demo.ui.lab.run import Failed, Finished, Learning, Measuring, Run
from mm_demo.ui.lab.strategy_picker import FAMILIES, StrategyPicker
from mm_demo.ui.sentences import sentence
from mm_demo.views.lab_curves import learning_curves

Updates = dict[Any, Any]

LAB_CSS = (Path(__file__).parent / "lab.css").read_text()
_EMPTY = '<p class="empty">Press Train: every strategy’s accuracy will rise here, or stay at chance, as it learns.</p>'
_AT_ONCE = 3
"""How many people's trainings run at the same time; more wait their turn."""
KEPT_SECONDS = 3600
"""How long a page's trained models are kept after they were last trained."""
QUIET: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}


def curves_view() -> gr.HTML:
    """What moves while strategies learn."""
    return gr.HTML(
        _EMPTY, html_template="${value}", css_template=LAB_CSS, apply_default_css=False, elem_id="lab-curves"
    )


def stop(run: Run | None) -> None:
    """Stop what is under way, if anything is."""
    if run is not None:
        run.control.cancel()


class TrainingPanel:
    """Trains what was chosen. Every page has its own run, which ends with the page.

    Args:
        data: the choice of data.
        strategies: the choice of strategies.
        seeds: the component that says how many models there are of each.
        curves: where it draws; see `curves_view`.

    Attributes:
        run: the page's `Run`, None before the first.
        training: the event during which a run goes on; what should happen at its end may follow it with `then`.
    """

    def __init__(self, data: DataSource, strategies: StrategyPicker, seeds: gr.Slider, curves: gr.HTML) -> None:
        self.run = gr.State(None, time_to_live=KEPT_SECONDS, delete_callback=stop)
        with gr.Row():
            self.start = gr.Button("Train", variant="primary", elem_id="lab-train")
            self.pause = gr.Button("Pause", interactive=False, elem_id="lab-pause")
            self.stop = gr.Button("Stop", interactive=False, elem_id="lab-stop")
        self.state = gr.HTML("", elem_id="lab-state")
        self.view = curves
        outputs = [self.run, self.start, self.pause, self.stop, self.state, self.view]
        self.training = self.start.click(
            self._train,
            [self.run, seeds, *data.inputs, *strategies.inputs],
            outputs,
            concurrency_limit=_AT_ONCE,
            **QUIET,
        )
        self.pause.click(self._toggle, self.run, [self.pause, self.state], **QUIET)
        self.stop.click(self._stop, self.run, [self.pause, self.stop, self.state], **QUIET)

    def _train(self, before: Run | None, seeds: float, *given: Any) -> Iterator[Updates]:
        stop(before)
        # The last inputs are the families' boxes.
        chosen = [name for group in given[-len(FAMILIES) :] for name in group or []]
        settings = given[: -len(FAMILIES)]
        try:
            if not chosen:
                raise UserError("There is nothing to train yet: tick a strategy.")
            yield {**self._running("Getting the data…", None), self.view: _EMPTY}
            from mm_demo.lab import Plan

            run = Run.after(before, open_chosen(*settings), chosen, Plan(seeds=tuple(range(int(seeds)))))
            yield {**self._running("Beginning…", run), self.run: run}
            yield from self._watched(run)
        except Exception as error:  # Whatever happens, the person reads one sentence where the curves would stand.
            yield {**self._resting(""), self.view: problem_html(sentence(error))}

    def _watched(self, run: Run) -> Iterator[Updates]:
        said = "Beginning…"
        paused = False
        for event in run.watch():
            if isinstance(event, Failed):
                raise event.error
            if isinstance(event, Finished):
                yield {**self._resting(_ending(run)), self.run: run}
                return
            if isinstance(event, Learning | Measuring):
                said = _said(run, event)
                changed = {self.view: _curves(run)} if isinstance(event, Learning) else {}
                yield {**self._running(said, run), **changed, self.run: run}
            elif paused != run.control.paused:
                yield self._running(said, run)
            else:
                yield {self.run: run}  # A page that was closed ends this only between two of its steps.
            paused = run.control.paused

    def _toggle(self, run: Run | None) -> Updates:
        if run is None or run.control.cancelled:
            return {self.pause: gr.skip()}
        if run.control.paused:
            run.control.resume()
            return {self.pause: gr.update(value="Pause"), self.state: _status("Going on…")}
        run.control.pause()
        return {self.pause: gr.update(value="Resume"), self.state: _status("Paused. Resume goes on where it stopped.")}

    def _stop(self, run: Run | None) -> Updates:
        stop(run)
        waiting = gr.update(interactive=False)
        return {self.pause: waiting, self.stop: waiting, self.state: _status("Stopping…")}

    def _running(self, said: str, run: Run | None) -> Updates:
        under_way = run is not None and not run.control.cancelled
        paused = run is not None and run.control.paused
        return {
            self.start: gr.update(interactive=False),
            self.pause: gr.update(interactive=under_way, value="Resume" if paused else "Pause"),
            self.stop: gr.update(interactive=under_way),
            self.state: _status(f"Paused. {said}" if paused else said),
        }

    def _resting(self, said: str) -> Updates:
        return {
            self.start: gr.update(interactive=True),
            self.pause: gr.update(interactive=False, value="Pause"),
            self.stop: gr.update(interactive=False),
            self.state: _status(said) if said else "",
        }


def problem_html(said: str) -> str:
    """One sentence in the place of a view."""
    return f'<p class="problem" role="alert">{escape(said)}</p>'


def _status(said: str) -> str:
    return f'<p role="status">{escape(said)}</p>'


def _said(run: Run, event: Learning | Measuring) -> str:
    names = run.experiment.names
    name = event.strategy if isinstance(event, Measuring) else event.progress.strategy
    where = f"{names.index(name) + 1} of {len(names)}: {run.experiment.label(name)}"
    if isinstance(event, Measuring):
        return f"{where}, measuring…"
    seen = event.progress
    accuracy = 100 * float(seen.validation_accuracy.mean())
    return f"{where}, epoch {seen.epoch} of at most {seen.epochs}, validation accuracy {accuracy:.1f} %"


def _curves(run: Run) -> str:
    labels = {name: run.experiment.label(name) for name in run.curves}
    curves = {labels[name]: values for name, values in run.curves.items()}
    alone = [run.experiment.label(name) for name in run.experiment.controls]
    return learning_curves(curves, run.experiment.plan.epochs, list(labels.values())[-1], alone)


def _ending(run: Run) -> str:
    if run.comparison is None:
        return "Stopped before any strategy was through. Train goes on from there."
    through = len(run.comparison.strategies)
    if through < len(run.experiment.strategies):
        of = len(run.experiment.strategies)
        return f"Stopped: {through} of {of} strategies are through and measured below. Train goes on with the rest."
    return f"Done: {through} {'strategy' if through == 1 else 'strategies'}."
