"""One test example before every trained strategy, with noise that a person turns up."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING, Any

import gradio as gr

from mm_demo.ui.lab.material import Material, entered, material
from mm_demo.ui.lab.run import Run
from mm_demo.ui.lab.training import KEPT_SECONDS, LAB_CSS, QUIET, problem_html
from mm_demo.ui.sentences import sentence
from mm_demo.views.lab_opinions import OpinionRow, opinion_table

if TYPE_CHECKING:
    from mm_demo.lab.data.origin import Entered
    from mm_demo.lab.one_example import Opinion

SLIDERS = 4
"""Modalities that get a slider, the first ones in the order of their names."""
_AT_ONCE = 4
_GONE = "The trained models were put away: press Train again."


class ExamplePanel:
    """The slider that picks the example, what it is, a slider for the noise on each modality, and all answers.

    Args:
        run: the component that holds the page's `Run`.

    Attributes:
        outputs: the components that `shown` updates, in its order.
    """

    def __init__(self, run: gr.State) -> None:
        with gr.Column(visible=False, elem_id="lab-example") as self._all:
            gr.HTML("<h3>One example, every strategy</h3>")
            with gr.Row():
                self._number = gr.Slider(1, 2, 1, step=1, label="Test example", min_width=220, elem_id="lab-number")
                self._noises = [
                    gr.Slider(0, 1, 0, step=0.05, min_width=220, visible=False, elem_id=f"lab-noise-{place + 1}")
                    for place in range(SLIDERS)
                ]
            self._material = Material()
            self._view = gr.HTML(
                "", html_template="${value}", css_template=LAB_CSS, apply_default_css=False, elem_id="lab-opinions"
            )
        # The example that a person brought; None while one of the data is asked about.
        own = gr.State(None, time_to_live=KEPT_SECONDS)
        self.outputs: list[Any] = [
            self._all, self._number, *self._noises, own, *self._material.outputs, self._view,
        ]  # fmt: skip
        at_once: dict[str, Any] = {"trigger_mode": "always_last", "concurrency_limit": _AT_ONCE, **QUIET}
        self._number.input(
            _chosen, [run, self._number, *self._noises], [own, *self._material.outputs, self._view], **at_once
        )
        gr.on(
            [slider.input for slider in self._noises],
            _disturbed,
            [run, self._number, own, *self._noises],
            self._view,
            **at_once,
        )
        gr.on(
            [self._material.ask.click, self._material.question.submit],
            _asked,
            [run, self._material.picture, self._material.question, *self._noises],
            [own, self._view],
            **at_once,
        )

    def shown(self, run: Run | None) -> list[Any]:
        """Updates of `outputs` for a run that is over; nothing is shown of one that found nothing."""
        if run is None or run.comparison is None:
            return [gr.update(visible=False), *[gr.skip()] * (len(self.outputs) - 1)]
        from mm_demo.lab.one_example import selectable

        names = run.experiment.data.names[:SLIDERS]
        noises = [gr.update(visible=True, value=0, label=f"Noise on “{name}”") for name in names]
        hidden = [gr.update(visible=False, value=0)] * (SLIDERS - len(names))
        most = selectable(run.experiment.data)
        number = gr.update(value=1, maximum=max(2, most), interactive=most > 1)
        return [gr.update(visible=True), number, *noises, *hidden, *_chosen(run, 1, *[0.0] * SLIDERS)]


def _chosen(run: Run | None, number: float, *noises: float) -> list[Any]:
    """The example's own material, and its answers."""
    nothing = [gr.skip()] * len(material(None))
    if run is None or run.comparison is None:
        return [None, *nothing, problem_html(_GONE)]
    from mm_demo.lab.one_example import shown

    try:
        found = material(shown(run.experiment.data, int(number) - 1))
    except Exception as error:
        return [None, *nothing, problem_html(sentence(error))]
    return [None, *found, _table(run, int(number), None, noises)]


def _disturbed(run: Run | None, number: float, own: Entered | None, *noises: float) -> str:
    if run is None or run.comparison is None:
        return problem_html(_GONE)
    return _table(run, int(number), own, noises)


def _asked(run: Run | None, picture: str | None, question: str | None, *noises: float) -> tuple[Entered | None, str]:
    if run is None or run.comparison is None:
        return None, problem_html(_GONE)
    try:
        own = entered(run.experiment.data, picture, question)
    except Exception as error:
        return None, problem_html(sentence(error))
    return own, _table(run, 1, own, noises)


def _table(run: Run, number: int, own: Entered | None, noises: Sequence[float]) -> str:
    from mm_demo.lab.one_example import opinions, opinions_on

    try:
        levels = dict(zip(run.experiment.data.names, noises, strict=False))
        if own is None:
            found = opinions(run.experiment, number - 1, levels)
        else:
            found = opinions_on(run.experiment, own.modalities, levels)
        notes = "".join(f'<p class="note">{escape(note)}</p>' for note in (own.notes if own is not None else []))
        return notes + opinion_table(found.truth, [_row(opinion) for opinion in found.given])
    except Exception as error:
        return problem_html(sentence(error))


def _row(opinion: Opinion) -> OpinionRow:
    kind = "weights of its own" if opinion.own_weights else "exact Shapley shares"
    return OpinionRow(
        opinion.label, opinion.probabilities, f"{opinion.right} of {opinion.seeds}", opinion.weights, kind
    )
