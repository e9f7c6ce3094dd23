"""Erase and ask again: a part of the input is taken away by hand, and both answers stand side by side."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from typing import Any

import gradio as gr

from mm_demo.errors import UserError
from mm_demo.ui.evidence.lines import trouble_line

Updates = dict[Any, Any]
_HIDDEN = gr.update(visible=False)


class AgainPanel:
    """The unfold with its tools, one button, a sentence on what changed, and the two answers.

    Args:
        name: begins the components' ids.
        about: what to do, in one sentence.
        tools: draws what takes parts away and returns the components, in the order in which they are asked for.
        answer: draws one of the two answers, from its id, and returns its component.
    """

    def __init__(self, name: str, about: str, tools: Callable[[], list[Any]], answer: Callable[[str], Any]) -> None:
        with gr.Accordion("Erase and ask again", open=False, elem_id=f"{name}-again"):
            gr.HTML(f'<p class="heard">{escape(about)}</p>', padding=False)
            self.tools = tools()
            self.button = gr.Button("Ask again without it", elem_id=f"{name}-again-run")
            self.said = gr.HTML("", elem_id=f"{name}-again-said", padding=False)
            with gr.Row(visible=False, elem_classes="before-after") as self.row:
                with gr.Column(min_width=280):
                    gr.HTML("<h3>Before</h3>", padding=False)
                    self.before = answer(f"{name}-before")
                with gr.Column(min_width=280):
                    gr.HTML("<h3>After</h3>", padding=False)
                    self.after = answer(f"{name}-after")

    @property
    def outputs(self) -> list[Any]:
        """What `shown`, `offered` and `failed` update."""
        return [*self.tools, self.said, self.row, self.before, self.after]

    def offered(self, *tools: Any) -> Updates:
        """A new answer, of which parts can be taken away: one update for each tool."""
        return {**dict(zip(self.tools, tools, strict=True)), self.said: "", self.row: _HIDDEN}

    def shown(self, sentence: str, before: Any, after: Any) -> Updates:
        """Both answers, and what changed."""
        said = f'<p class="again-said" role="status">{escape(sentence)}</p>'
        return {self.said: said, self.row: gr.update(visible=True), self.before: before, self.after: after}

    def failed(self, sentence: str) -> Updates:
        """One sentence in the place of the answers."""
        return {self.said: trouble_line(sentence), self.row: _HIDDEN}


def nothing_erased(how: str) -> UserError:
    """What is said to somebody who took nothing away."""
    return UserError(f"Nothing is taken away yet: {how} first.")
