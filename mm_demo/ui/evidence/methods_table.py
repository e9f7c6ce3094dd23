"""Which method should I use on this model? What was measured of every method on the model that is open."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

import gradio as gr

from mm_demo.ui.models import Models

if TYPE_CHECKING:
    from mm_demo.tasks.measured import Measured

_UNMEASURED = (
    "Nobody has measured the methods on this model, because there are no pictures of which its truth is known. Compare "
    "their checks on your own input: trust the one whose maps are supported."
)
_LOOK = (
    "On held-out generated pictures. <b>Peak</b>: maps whose highest point lies on the object that is meant, beside"
    " chance. <b>Order</b>: how much sooner the answer falls when the map's parts go first than when they go last"
    " (symmetric relevance gain, 0…1). <b>Beats random</b>: maps whose order is better than all of 20 random ones."
)


class MethodsTable:
    """An unfold that is filled when somebody opens it.

    Args:
        name: begins the components' ids.
        models: holds the task.
        task: its name.
        renewed: the event at which the task's model is another.
    """

    def __init__(self, name: str, models: Models, task: str, renewed: Any) -> None:
        self._models, self._task = models, task
        title = "Which method should I use on this model?"
        with gr.Accordion(title, open=False, elem_id=f"{name}-methods") as unfold:
            table = gr.HTML("", elem_id=f"{name}-methods-table", padding=False)
        shown: dict[str, Any] = {"show_progress": "hidden", "queue": False, "api_visibility": "private"}
        gr.on([unfold.expand, renewed], self._filled, None, table, **shown)

    def _filled(self) -> str:
        from mm_demo.tasks.measured import measured_methods

        task = self._models.ready(self._task)
        if task is None:
            return '<p class="heard">The model is still loading: open this again in a moment.</p>'
        return methods_html(measured_methods(task.info.id))


def methods_html(found: list[Measured]) -> str:
    """A table with a row for every method, the recommended one first."""
    if not found:
        return f'<p class="heard">{escape(_UNMEASURED)}</p>'
    first, *_ = found
    rows = "".join(
        f'<tr><th scope="row">{escape(row.method)}{" (recommended)" if row is first else ""}</th>'
        f"<td>{100 * row.peak:.1f} % of {row.n} (chance {100 * row.chance:.0f} %)</td><td>{row.srg:.2f}</td>"
        f"<td>{100 * row.above:.0f} %</td><td>{row.milliseconds:,.1f} ms</td></tr>"
        for row in found
    )
    return (
        f'<div class="methods-table" tabindex="0" role="region" aria-label="Methods compared on this model"><table>'
        f'<thead><tr><th scope="col">Method</th><th scope="col">Peak</th><th scope="col">Order</th>'
        f'<th scope="col">Beats random</th><th scope="col">Time</th></tr></thead><tbody>{rows}</tbody></table></div>'
        f'<p class="heard">{_LOOK}</p>'
    )
