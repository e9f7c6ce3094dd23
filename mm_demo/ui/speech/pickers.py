"""How the maps are made and how voice and words are fused: drawn from what the task says it can do."""

from __future__ import annotations

from typing import Any

import gradio as gr

from mm_demo.ui.pickers import DEFAULT


class SpeechPickers:
    """The two choices of the speech tab; `inputs` are what a handler receives, `settings` turns them into arguments."""

    def __init__(self) -> None:
        with gr.Row(elem_classes="pickers"):
            self.strategy = _dropdown("How voice and words are fused", "speech-strategy")
            self.method = _dropdown("How the maps are made", "speech-method")

    @property
    def inputs(self) -> list[Any]:
        """The components, in the order that `settings` takes their values."""
        return [self.method, self.strategy]


def speech_filled(task: Any) -> list[Any]:
    """Updates of (method, strategy) once the task is loaded; it lists what it recommends first."""
    methods, strategies = _choices(task.methods), _choices(task.strategies)
    return [
        gr.update(choices=methods, info=_help(task.methods, DEFAULT)),
        gr.update(choices=strategies, info=_help(task.strategies, DEFAULT), visible=len(strategies) > 1),
    ]


def speech_fitted(task: Any, method: str, strategy: str) -> list[Any]:
    """Updates of (method, strategy) after a choice: the sentence that explains it."""
    return [gr.update(info=_help(task.methods, method)), gr.update(info=_help(task.strategies, strategy))]


def speech_settings(method: str, strategy: str) -> dict[str, Any]:
    """The pickers' values as the keyword arguments that the task takes."""
    return {"method": method, "strategy": None if strategy == DEFAULT else strategy}


def _dropdown(label: str, elem_id: str) -> gr.Dropdown:
    return gr.Dropdown(
        [("Recommended", DEFAULT)], value=DEFAULT, label=label, info=" ", elem_id=elem_id, scale=1, min_width=200
    )


def _choices(offered: Any) -> list[tuple[str, str]]:
    if not offered:
        return [("Recommended", DEFAULT)]
    first, *others = offered
    return [(f"{first.label} (recommended)", DEFAULT), *((other.label, other.name) for other in others)]


def _help(offered: Any, name: str) -> str:
    if not offered:
        return " "
    return next((one.help for one in offered if one.name == name), offered[0].help)
