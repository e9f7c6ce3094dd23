"""Texts beside pictures: the similarity matrix, and the map of the space that both lie in."""

from __future__ import annotations

from typing import Any

import gradio as gr
from PIL import Image

from mm_demo.errors import UserError
from mm_demo.tasks.inputs import read_image
from mm_demo.tasks.retrieval_result import Query
from mm_demo.ui.retrieval.gallery import GallerySource, Own
from mm_demo.ui.retrieval.hits import Found
from mm_demo.ui.retrieval.lines import read_lines
from mm_demo.ui.retrieval.similarity import similarity_content, similarity_view
from mm_demo.ui.retrieval.space import space_content, space_view
from mm_demo.ui.sentences import sentence
from mm_demo.ui.speech.answer import error_html

TEXTS = (
    "a red star",
    "a blue car",
    "a green tree",
    "a yellow fish",
    "a purple heart",
    "an orange flower",
    "a pink umbrella",
    "a black cross",
)
_MOST_TEXTS = 12
_COLUMNS = 10
_AROUND = 6
"""How many pictures the map takes for each text."""

Shown = list[tuple[str, Image.Image]]
"""(file name, picture)."""


class ComparingPanel:
    """Draws the panel and wires it.

    Args:
        gallery: where pictures are taken from.
        found: the state of the last search, a `Found`.
        renewed: the event at which the task's model is another.
    """

    def __init__(self, gallery: GallerySource, found: gr.State, renewed: Any) -> None:
        self._gallery = gallery
        with gr.Row():
            with gr.Column(scale=4, min_width=300):
                texts = gr.Textbox(
                    "\n".join(TEXTS), label="Texts, one a line", lines=8, max_lines=12, elem_id="search-texts"
                )
                which = gr.Radio(
                    [("The best hit of each text", "best"), ("The first hits of your search", "hits")],
                    value="best",
                    label="Pictures",
                    elem_id="search-compared",
                )
                button = gr.Button("Compare", elem_id="search-compare")
            with gr.Column(scale=7, min_width=320):
                self.message = gr.HTML("", elem_id="search-compare-message")
                self.matrix = similarity_view("search-matrix")
                self.space = space_view("search-space")
        shown = [self.message, self.matrix, self.space]
        renewed(lambda: ["", None, ""], None, shown, queue=False, show_progress="hidden", api_visibility="private")
        button.click(
            self._compare,
            [texts, which, found, *gallery.inputs],
            shown,
            show_progress="minimal",
            show_progress_on=[self.message],
            api_visibility="private",
        )

    def _compare(self, typed: str, which: str, found: Found | None, kind: str, own: Own | None) -> list[Any]:
        try:
            texts = read_lines(typed, _MOST_TEXTS)
            if not texts:
                raise UserError("There is no text yet: type some, one a line.")
            indexing = self._gallery.under_way(kind, own)
            task, gallery = indexing.task(), indexing.gallery()
            if which == "hits" and found is None:
                raise UserError("There are no hits yet: search first, or take the best hit of each text.")
            near = [gallery.search(Query(text), _AROUND) for text in texts]
            chosen = found.hits if which == "hits" and found is not None else [hits[0] for hits in near]
            columns = _opened(list(dict.fromkeys(hit.path for hit in chosen))[:_COLUMNS])
            around = _opened(list(dict.fromkeys(hit.path for hits in near for hit in hits)))
            cosines = task.similarities(texts, [picture for _, picture in columns])
            matrix = similarity_content(
                texts, columns, cosines, task.probabilities(cosines), task.temperature, task.bias
            )
            space = space_content(texts, around, task.shared_space(texts, [picture for _, picture in around]))
            return ["", matrix, space]
        except Exception as error:
            return [error_html(sentence(error)), None, ""]


def _opened(paths: list[Any]) -> Shown:
    """The pictures that can still be read. Raises UserError where none can."""
    opened: Shown = []
    wrong: UserError | None = None
    for path in paths:
        try:
            opened.append((path.name, read_image(path)))
        except UserError as error:
            wrong = error
    if not opened and wrong is not None:
        raise wrong
    return opened
