"""From a picture to words: which of many texts is most similar to it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gradio as gr
from PIL import Image

from mm_demo.errors import UserError
from mm_demo.ui.models import Models
from mm_demo.ui.retrieval.lines import read_lines
from mm_demo.ui.retrieval.match_view import Explained
from mm_demo.ui.retrieval.query import optional_picture
from mm_demo.ui.sentences import sentence
from mm_demo.ui.speech.answer import error_html
from mm_demo.views.scores import score_bars

_EMPTY = '<p class="speech-empty">The texts most similar to the picture will stand here.</p>'
_MOST = 1_000
_SHOWN = 8


class NamingPanel:
    """Draws the panel and wires it.

    Args:
        models: holds the task "retrieval".
        source: the components of the query's picture, as `optional_picture` takes them.
        explained: the state that holds the hit which is explained, an `Explained`.
        renewed: the event at which the task's model is another.
    """

    def __init__(self, models: Models, source: list[Any], explained: gr.State, renewed: Any) -> None:
        self._models = models
        with gr.Row():
            with gr.Column(scale=4, min_width=300):
                which = gr.Radio(
                    [("The hit that is explained", "hit"), ("The query's picture", "query")],
                    value="hit",
                    label="Picture",
                    elem_id="search-naming-picture",
                )
                candidates = gr.Textbox(
                    label="Texts to choose from, one a line",
                    placeholder="empty: 2,000 descriptions of drawn scenes",
                    lines=4,
                    max_lines=10,
                    elem_id="search-candidates",
                )
                button = gr.Button("Name it", elem_id="search-name")
            with gr.Column(scale=7, min_width=320):
                answer = gr.HTML(
                    _EMPTY,
                    css_template=(Path(__file__).parent / "naming.css").read_text(),
                    elem_id="search-names",
                )
        button.click(
            self._name,
            [which, candidates, explained, *source],
            answer,
            show_progress="minimal",
            api_visibility="private",
        )
        renewed(lambda: _EMPTY, None, answer, queue=False, show_progress="hidden", api_visibility="private")

    def _name(self, which: str, candidates: str, explained: Explained | None, *source: Any) -> str:
        try:
            picture, name = _picture(which, explained, *source)
            texts = read_lines(candidates, _MOST) or None
            ranked = self._models.get("retrieval").describe(picture, texts, k=_SHOWN)
            about = '<p class="heard">Cosines, no probabilities: the best of these texts, be it true or not.</p>'
            return score_bars(ranked, f"Texts most similar to {name}") + about
        except Exception as error:
            return error_html(sentence(error))


def _picture(which: str, explained: Explained | None, *source: Any) -> tuple[Image.Image, str]:
    """The picture that is meant, and its name."""
    if which == "hit":
        if explained is None:
            raise UserError("There is no hit yet: search first, or take the query's picture.")
        return explained.picture, explained.name
    picture = optional_picture(*source)
    if picture is None:
        raise UserError("The query has no picture: open “With a picture” and bring or draw one.")
    return picture, "your picture"
