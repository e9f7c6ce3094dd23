"""Alignment, live: contrastive beside triplet loss, trained from scratch while one watches."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import gradio as gr

from mm_demo.errors import UserError
from mm_demo.ui.retrieval.alignment_view import EMPTY, TITLES, problem_html, training_html, training_view
from mm_demo.ui.sentences import sentence

if TYPE_CHECKING:
    from mm_demo.alignment import Progress

Updates = dict[Any, Any]

_ABOUT = """<p>Two small encoders, one for pictures and one for texts, start from random weights and learn on 2,000
drawn pictures with their descriptions to put what belongs together close together. Both losses begin with the same
weights and see the same batches, so what differs is the loss.</p>"""
_LOOK = """<p><b>What to look at.</b> Each matrix holds the cosines of twelve pairs never trained on; learning is the
framed diagonal rising out of the rest. <b>Contrastive</b>: all negatives of a batch compete at once, weighed by the
temperature: the lower it is, the more the most similar ones count. <b>Triplet</b>: a negative counts only until the
margin is kept. Choose “only the hardest” to see a known failure: from random weights it pulls all pictures to
one place and all texts to another, the whole matrix takes one colour, and recall stays at chance.</p>"""
_NEGATIVES = [
    ("all that violate the margin", "violating"),
    ("only the hardest", "hardest"),
    ("one at random", "random"),
]
_AT_ONCE = 3
"""How many people's trainings run at the same time; more wait their turn."""
_QUIET: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}


class AlignmentPanel:
    """The settings, the two buttons, and all that moves below them. Every person's training is their own."""

    def __init__(self) -> None:
        with gr.Column(elem_id="alignment"):
            gr.HTML(_ABOUT)
            with gr.Row():
                choices = [(title, loss) for loss, title in TITLES.items()]
                losses = gr.CheckboxGroup(choices, value=list(TITLES), label="Losses to train", min_width=260)
                batch = gr.Slider(16, 256, 64, step=16, label="Batch: pairs a step", min_width=200)
                steps = gr.Slider(50, 1000, 300, step=50, label="Steps", min_width=200)
                seed = gr.Number(0, label="Seed: the same gives the same", precision=0, min_width=140)
            with gr.Row():
                with gr.Column(min_width=280):
                    temperature = gr.Slider(0.01, 1, 0.07, step=0.01, label="Contrastive: temperature")
                    learnt = gr.Checkbox(True, label="Learn the temperature, from there")
                with gr.Column(min_width=280):
                    margin = gr.Slider(0.05, 1, 0.2, step=0.05, label="Triplet: margin")
                    negatives = gr.Radio(_NEGATIVES, value="violating", label="Triplet: negatives")
            with gr.Row():
                self.start = gr.Button("Train", variant="primary", elem_id="alignment-train")
                self.stop = gr.Button("Stop", interactive=False, elem_id="alignment-stop")
            self.state = gr.HTML("", elem_id="alignment-state")
            self.view = training_view()
            gr.HTML(_LOOK)
        settings = [losses, temperature, learnt, margin, negatives, batch, steps, seed]
        outputs = [self.start, self.stop, self.state, self.view]
        training = self.start.click(self._train, settings, outputs, concurrency_limit=_AT_ONCE, **_QUIET)
        # One after the other: a step that is on its way would write over what is said at once.
        stopped = self.stop.click(None, None, None, cancels=[training], **_QUIET)
        stopped.then(self._stopped, None, [self.start, self.stop, self.state], queue=False, **_QUIET)

    def _train(
        self,
        losses: list[str],
        temperature: float,
        learnt: bool,
        margin: float,
        negatives: str,
        batch: int,
        steps: int,
        seed: int | None,
    ) -> Iterator[Updates]:
        try:
            if not losses:
                raise UserError("There is nothing to train yet: choose at least one loss.")
            yield {**self._running("Drawing the pictures to learn from…"), self.view: EMPTY}
            from mm_demo.alignment import Settings, train

            trainings = {}
            for loss in sorted(losses):
                settings = Settings(loss, temperature, learnt, margin, negatives, batch, steps, seed)  # type: ignore[arg-type]
                trainings[loss] = train(settings)
            runs: dict[str, list[Progress]] = {loss: [] for loss in trainings}
            began = time.monotonic()
            for reports in zip(*trainings.values(), strict=True):
                for loss, report in zip(runs, reports, strict=True):
                    runs[loss].append(report)
                said = f"Step {reports[0].step} of {steps}, {time.monotonic() - began:.0f} s"
                yield {**self._running(said), self.view: training_html(runs, steps)}
            yield {**self._resting(f"{said}: done."), self.view: training_html(runs, steps)}
        except Exception as error:  # Whatever happens, the person reads one sentence where the curves would stand.
            yield {**self._resting(""), self.view: problem_html(sentence(error))}

    def _stopped(self) -> Updates:
        return self._resting("Stopped. What was learnt so far stays below; Train begins anew.")

    def _running(self, said: str) -> Updates:
        return {**self._resting(said), self.start: gr.update(interactive=False), self.stop: gr.update(interactive=True)}

    def _resting(self, said: str) -> Updates:
        state = f'<p role="status">{said}</p>' if said else ""
        return {self.start: gr.update(interactive=True), self.stop: gr.update(interactive=False), self.state: state}
