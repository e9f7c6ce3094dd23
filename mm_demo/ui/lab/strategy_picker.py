"""Which strategies to train: boxes by family, filled when somebody first looks, as knowing them takes torch."""

from __future__ import annotations

from html import escape
from typing import Any

import gradio as gr

FAMILIES = {
    "early": "Early",
    "late": "Late",
    "intermediate": "Intermediate",
    "attention": "Attention",
    "bilinear": "Bilinear",
    "memory": "Memory",
    "graph": "Graph",
    "translation": "Translation",
}
"""Family → what a person reads."""
DEFAULTS = ("early", "late", "gated", "attention", "cross_modal")


class StrategyPicker:
    """One group of boxes for each family.

    Attributes:
        inputs: the groups; their values together are what is chosen.
        about: what each strategy does.
    """

    def __init__(self) -> None:
        self.inputs = [
            gr.CheckboxGroup([], label=label, elem_classes="lab-family", min_width=200) for label in FAMILIES.values()
        ]
        with gr.Accordion("What each of them does", open=False):
            self.about = gr.HTML("", elem_id="lab-strategies-about")
        self._filled = gr.State(False)

    def fill_on(self, tab: gr.Tab) -> None:
        """Have the boxes filled as soon as somebody opens the tab; later visits keep what was chosen."""
        tab.select(
            _filled,
            self._filled,
            [self._filled, self.about, *self.inputs],
            show_progress="hidden",
            api_visibility="private",
        )


def _filled(already: bool) -> list[Any]:
    if already:
        return [gr.skip()] * (2 + len(FAMILIES))
    from mm_demo.lab.families import families

    known = families()
    groups = [
        gr.update(
            choices=[(strategy.label, strategy.name) for strategy in known[family]],
            value=[strategy.name for strategy in known[family] if strategy.name in DEFAULTS],
        )
        for family in FAMILIES
    ]
    items = "".join(
        f"<li><b>{escape(strategy.label)}</b>: {escape(strategy.help)}</li>"
        for strategies in known.values()
        for strategy in strategies
    )
    return [True, f"<ul>{items}</ul>", *groups]
