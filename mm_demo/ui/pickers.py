"""Method, layer and head: drawn from what the task says it can do, so a new method needs no new page."""

from __future__ import annotations

from typing import Any

import gradio as gr

DEFAULT = "default"
"""What the tasks call the method that they recommend."""
ALL = -1
"""What the layer and head pickers hold for "all of them"; the tasks take None for that."""


class Pickers:
    """The three choices below a map; `inputs` are what a handler receives, `settings` turns them into arguments."""

    def __init__(self, name: str) -> None:
        with gr.Row(elem_classes="pickers"):
            self.method = gr.Dropdown(
                [("Recommended", DEFAULT)],
                value=DEFAULT,
                label="How the map is made",
                info=" ",
                elem_id=f"{name}-method",
                scale=3,
                min_width=180,
            )
            self.layer = gr.Dropdown([("all", ALL)], value=ALL, label="Layer", visible=False, scale=1, min_width=90)
            self.head = gr.Dropdown([("all", ALL)], value=ALL, label="Head", visible=False, scale=1, min_width=90)

    @property
    def inputs(self) -> list[Any]:
        """The components, in the order that `settings` takes their values."""
        return [self.method, self.layer, self.head]


def filled(task: Any) -> list[Any]:
    """Updates of (method, layer, head) once the task is loaded; the task lists the method it recommends first.

    What the pickers hold stays valid, so that a request under way meets no choice that is gone.
    """
    first, *others = task.methods
    choices = [(f"{first.label} (recommended)", DEFAULT), *((m.label, m.name) for m in others)]
    return [
        gr.update(choices=choices, info=first.help),
        gr.update(choices=_numbered(task.info.layers), visible="layer" in first.controls),
        gr.update(choices=_numbered(task.info.heads), visible="head" in first.controls),
    ]


def anew(updates: list[Any], *values: Any) -> list[Any]:
    """Updates of pickers for another model: those that fill them, with these values chosen again."""
    return [{**update, "value": value} for update, value in zip(updates, values, strict=True)]


def fitted(task: Any, method: str) -> list[Any]:
    """Updates of (method, layer, head) after a choice of method: its sentence, and only the pickers it uses."""
    info = next((m for m in task.methods if m.name == method), task.methods[0])
    return [
        gr.update(info=info.help),
        gr.update(visible="layer" in info.controls, value=ALL),
        gr.update(visible="head" in info.controls, value=ALL),
    ]


def settings(method: str, layer: int, head: int) -> dict[str, Any]:
    """The pickers' values as the keyword arguments that the tasks take."""
    return {"method": method, "layer": None if layer == ALL else layer, "head": None if head == ALL else head}


def _numbered(count: int) -> list[tuple[str, int]]:
    return [("all", ALL), *((str(i + 1), i) for i in range(count))]
