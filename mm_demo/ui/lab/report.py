"""What a run found: a table to sort, a sentence on each strategy, how they break, and all of it to take away."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

import gradio as gr
from gradio.processing_utils import save_bytes_to_cache

from mm_demo.ui.lab.run import Run
from mm_demo.ui.lab.training import LAB_CSS, QUIET

if TYPE_CHECKING:
    from mm_demo.lab import Comparison
    from mm_demo.lab.evaluation import Row
    from mm_demo.lab.metrics.estimates import Estimate

_COLUMNS = (
    ("Strategy", "str", "180px"),
    ("Family", "str", "125px"),
    ("Accuracy %", "number", "100px"),
    ("± 95 %", "number", "70px"),
    ("Macro-F1 %", "number", "100px"),
    ("EMAP gap", "number", "80px"),
    ("Robustness area %", "number", "110px"),
    ("Against late", "number", "85px"),
    ("Parameters", "number", "110px"),
    ("Training s", "number", "90px"),
    ("Latency ms", "number", "90px"),
)
_LOOK = """<p>A click on a heading sorts. <b>±</b>: half of the 95 % interval over the seeds, empty with one seed.
<b>EMAP gap</b>: points of accuracy that are gone when the answers may only add up what each modality says, so owed to
interaction. <b>Robustness area</b>: mean accuracy as each modality breaks, in every way below. <b>Against late</b>: the
same less that of late fusion in this run, in points, empty where that was not trained.</p>"""
_EXPORT_NAMES = {"csv": "CSV", "json": "JSON", "md": "Markdown", "tex": "LaTeX"}


class ReportPanel:
    """Everything below the curves that a finished run fills.

    Args:
        run: the component that holds the page's `Run`.

    Attributes:
        outputs: the components that `shown` updates, in its order.
    """

    def __init__(self, run: gr.State) -> None:
        headers, datatypes, widths = zip(*_COLUMNS, strict=True)
        with gr.Column(visible=False, elem_id="lab-report") as self._all:
            gr.HTML("<h3>What was found on the test part</h3>")
            self._table = gr.Dataframe(
                headers=list(headers),
                datatype=list(datatypes),
                column_widths=list(widths),
                type="array",
                interactive=False,
                wrap=True,
                pinned_columns=1,
                label="Strategies and single modalities",
                elem_id="lab-table",
            )
            gr.HTML(_LOOK)
            self._verdicts = gr.HTML(
                "", html_template="${value}", css_template=LAB_CSS, apply_default_css=False, elem_id="lab-verdicts"
            )
            with gr.Row(elem_classes="downloads"):
                self._downloads = {
                    ending: gr.DownloadButton(f"Table ({name})", size="sm", min_width=120)
                    for ending, name in _EXPORT_NAMES.items()
                }
            self._how = gr.Dropdown([], label="Broken on purpose: what, and how", elem_id="lab-break")
            self._broken = gr.Plot(show_label=False, elem_id="lab-robustness")
        self.outputs: list[Any] = [
            self._all,
            self._table,
            self._verdicts,
            *self._downloads.values(),
            self._how,
            self._broken,
        ]
        self._how.input(_drawn, [run, self._how], self._broken, **QUIET)

    def shown(self, run: Run | None) -> list[Any]:
        """Updates of `outputs` for a run that is over; nothing is shown of one that found nothing."""
        if run is None or run.comparison is None:
            return [gr.update(visible=False), *[gr.skip()] * (len(self.outputs) - 1)]
        found = run.comparison
        ways = _ways(found)
        return [
            gr.update(visible=True),
            {"headers": [name for name, _, _ in _COLUMNS], "data": _cells(found)},
            _sentences(found),
            *self._files(found),
            gr.update(choices=ways, value=ways[0]),
            _drawn(run, ways[0]),
        ]

    def _files(self, found: Comparison) -> list[Any]:
        from mm_demo.lab import EXPORTS

        return [
            gr.update(
                value=save_bytes_to_cache(
                    EXPORTS[ending](found).encode(), f"fusion-{found.data}.{ending}", button.GRADIO_CACHE
                )
            )
            for ending, button in self._downloads.items()
        ]


def _cells(found: Comparison) -> list[list[str | float | None]]:
    return [
        [
            row.label,
            row.family,
            _rounded(100 * row.scores.accuracy.mean),
            _half(row.scores.accuracy),
            _rounded(100 * row.scores.macro_f1.mean),
            _points(row.interaction),
            _points(row.area),
            _points(row.relative_area),
            row.parameters,
            _rounded(row.seconds),
            round(row.latency, 2),
        ]
        for row in _best_first(found)
    ]


def _best_first(found: Comparison) -> list[Row]:
    return sorted([*found.strategies, *found.controls], key=lambda row: -row.scores.accuracy.mean)


def _rounded(value: float) -> float:
    return round(value, 1)


def _half(estimate: Estimate) -> float | None:
    return None if estimate.ci95 is None else _rounded(50 * (estimate.ci95[1] - estimate.ci95[0]))


def _points(value: float | None) -> float | None:
    return None if value is None else _rounded(100 * value)


def _sentences(found: Comparison) -> str:
    items = "".join(
        f"<li><b>{escape(row.label)}</b>: {escape(found.verdicts[row.strategy])}</li>" for row in _best_first(found)
    )
    return f'<ul class="verdicts">{items}</ul>{_information(found)}'


def _information(found: Comparison) -> str:
    known = found.information
    if known is None:
        return ""
    bits = known.bits
    how = "exact" if known.exact else "at least, from clusters"
    chance = f"Always giving the commonest class is right {100 * found.chance:.1f} % of the time."
    return (
        f'<p class="bits">What the data hold about the label, in bits ({how}): redundant {bits.redundancy:.2f}, only '
        f"in “{escape(known.first)}” {bits.unique_first:.2f}, only in “{escape(known.second)}” "
        f"{bits.unique_second:.2f}, synergy {bits.synergy:.2f}. {chance}</p>"
    )


def _ways(found: Comparison) -> list[str]:
    """Every modality and corruption, as the robustness curves have them."""
    return [f"{curve.modality}: {curve.corruption}" for curve in found.strategies[0].robustness]


def _drawn(run: Run | None, way: str | None) -> Any:
    if run is None or run.comparison is None or way is None:
        return gr.skip()
    from mm_demo.views.fusion_plots import robustness_curves

    curves = {
        row.label: (curve.levels, curve.accuracies)
        for row in run.comparison.strategies
        for curve in row.robustness
        if f"{curve.modality}: {curve.corruption}" == way
    }
    return robustness_curves(curves, way)
