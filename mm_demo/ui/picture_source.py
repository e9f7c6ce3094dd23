"""Where a picture comes from: a file, the clipboard, the camera, an example, or the drawing board."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import gradio as gr
from PIL import Image

from mm_demo.errors import UserError
from mm_demo.ui.drawing_board import drawing_board, read_drawing
from mm_demo.ui.example_strip import example_strip
from mm_demo.ui.examples import Example
from mm_demo.ui.picture_input import PictureInput


class PictureSource:
    """The left column's picture: a tab to bring one, a tab to draw one, and where wanted one to watch the camera.

    Attributes:
        kind: which of them is in use: "picture", "drawing" or "live".
        picture: what was brought.
        board: what was drawn.
        camera: the camera that is watched, None without one.
        tabs: each tab with the kind it stands for.
    """

    def __init__(self, name: str, examples: Sequence[Example], live: bool = False) -> None:
        self.kind = gr.State("picture")
        self.camera: gr.Image | None = None
        self.tabs: list[tuple[gr.Tab, str]] = []
        with gr.Tabs():
            with gr.Tab("Picture", id="picture") as bring:
                self.picture = PictureInput(
                    label="Picture",
                    type="filepath",
                    sources=["upload", "webcam", "clipboard"],
                    height=300,
                    elem_id=f"{name}-picture",
                    buttons=[],
                    alt_text="Your picture",
                )
                example_strip(examples, self.picture)
            with gr.Tab("Draw", id="drawing") as draw:
                self.board = drawing_board(f"{name}-board")
            self.tabs += [(bring, "picture"), (draw, "drawing")]
            if live:
                with gr.Tab("Live", id="live") as watch:
                    self.camera = gr.Image(
                        label="Camera: press Record, and every moment is captioned",
                        sources=["webcam"],
                        streaming=True,
                        type="pil",
                        height=300,
                        elem_id=f"{name}-camera",
                        buttons=[],
                    )
                self.tabs.append((watch, "live"))
        for tab, kind in self.tabs:
            tab.select(_constant(kind), None, self.kind, queue=False, show_progress="hidden", api_visibility="private")

    @property
    def inputs(self) -> list[Any]:
        """The components that `chosen` takes, in its order."""
        return [self.kind, self.picture, self.board]


def chosen(kind: str, picture: str | None, board: str | None) -> str | Image.Image:
    """What the person means: the picture brought or the one drawn. Raises UserError where there is none."""
    if kind == "drawing":
        return read_drawing(board)
    if picture is None:
        raise UserError("There is no picture yet: upload, paste, photograph or draw one, or take an example.")
    return picture


def _constant(value: str) -> Callable[[], str]:
    return lambda: value
