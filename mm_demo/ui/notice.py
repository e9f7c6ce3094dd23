"""The banner over an answer that deserves a doubt: an unfamiliar picture, a word the model does not know."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

import gradio as gr

from mm_demo.models.catalog import cards_for
from mm_demo.ui.hub.naming import MODELS_TAB


def doubts(task: str, familiar: bool, unknown_words: Sequence[str] = ()) -> list[str]:
    """The sentences to show over an answer, none if it needs none."""
    said = []
    if not familiar:
        said.append(
            "This picture is unlike those that the model has learned from (simple drawings of coloured objects), so "
            f"take its answer as a guess. {_bigger(task)}"
        )
    if unknown_words:
        names = ", ".join(f"“{word}”" for word in unknown_words)
        said.append(f"The model does not know {names} and reads it letter by letter at best: check the answer.")
    return said


def notice(sentences: Sequence[str]) -> dict[str, Any]:
    """An update of the banner; without sentences it goes away."""
    return gr.update(value="".join(f"<p>{escape(text)}</p>" for text in sentences), visible=bool(sentences))


def _bigger(task: str) -> str:
    cards = cards_for(task, "hub")
    if not cards:
        return ""
    card = cards[0]
    return (
        f"For photographs there is {card.title} ({card.size_bytes / 1e9:.1f} GB): get and choose it in the tab "
        f"“{MODELS_TAB}”."
    )
