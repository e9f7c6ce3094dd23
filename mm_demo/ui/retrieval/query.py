"""What is looked for: words, a picture, or both in any proportion."""

from __future__ import annotations

from typing import Any

import gradio as gr
from PIL import Image

from mm_demo.tasks.inputs import read_image
from mm_demo.tasks.retrieval_result import Query
from mm_demo.ui.drawing_board import read_drawing
from mm_demo.ui.examples import examples
from mm_demo.ui.picture_source import PictureSource

TO_TRY = ("a red star", "two houses", "a blue car above a tree", "something yellow on the left", "a green umbrella")


class QuerySource:
    """The left column's query; `asked` turns the values of `inputs` into what the task takes."""

    def __init__(self) -> None:
        self.words = gr.Textbox(
            label="Words",
            placeholder="a black heart left of an orange car",
            lines=1,
            max_lines=4,
            elem_id="search-words",
        )
        self.examples = gr.Dataset(
            components=[gr.Textbox(visible=False)],
            samples=[[text] for text in TO_TRY],
            label="Words to try",
            elem_id="search-examples",
        )
        with gr.Accordion("With a picture", open=False, elem_id="search-with-picture"):
            self.source = PictureSource("search", examples())
            self.share = gr.Slider(
                0,
                1,
                value=0.5,
                step=0.05,
                label="Picture ↔ words",
                info="Where both are given: 0 looks for the picture only, 1 for the words only.",
                elem_id="search-share",
            )
        self.count = gr.Slider(1, 50, value=10, step=1, label="Hits", elem_id="search-count")

    @property
    def inputs(self) -> list[Any]:
        """The components whose values `asked` takes, in its order."""
        return [self.words, *self.source.inputs, self.share]


def asked(words: str, kind: str, picture: str | None, board: str | None, share: float) -> Query:
    """The query as the task takes it. Raises UserError where the picture can't be read.

    Words are never taken for a path, whatever they look like.
    """
    return Query(words or "", optional_picture(kind, picture, board), share)


def optional_picture(kind: str, picture: str | None, board: str | None) -> Image.Image | None:
    """The picture brought or drawn, by which tab is in front; None without one. Raises UserError for a broken one."""
    if kind == "drawing":
        return read_drawing(board) if board else None
    return read_image(picture) if picture else None
