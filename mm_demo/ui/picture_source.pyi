"""Where a picture comes from: a file, the clipboard, the camera, an example, or the drawing board."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.components.image import ImageData
from PIL import Image

from mm_demo.errors import UserError

BRUSHES = {
    "red": "#e02b2b",
    "green": "#2a9d3a",
    "blue": "#2456d6",
    "yellow": "#f4cf1f",
    "purple": "#8430b4",
    "orange": "#f28518",
    "pink": "#f58fbe",
    "black": "#1a1a1a",
}
"""The drawing board's colours: the ones that the embedded models can name."""

BOARD_SIDE = 512

class PictureInput(gr.Image):
    """gr.Image(type="filepath") that passes the file on unread, so that a damaged one is met where it can be explained."""

    def preprocess(self, payload: ImageData | None) -> str | None:
        """The path of what was uploaded, or None."""
        if payload is None or payload.path is None:
            return super().preprocess(payload)
        return payload.path

    def get_block_name(self) -> str:
        return "image"
    from collections.abc import Callable, Sequence
    from typing import TYPE_CHECKING, Any, Literal

    from gradio.blocks import Block

    if TYPE_CHECKING:
        from gradio.components import Timer
        from gradio.components.base import Component

class PictureSource:
    """The left column's picture: a tab to bring one, a tab to draw one, and where wanted one to watch the camera."""

    def __init__(self, name: str, examples: Sequence[Path], live: bool = False) -> None:
        self.kind = gr.State("picture")
        self.camera: gr.Image | None = None
        tabs = []
        with gr.Tabs():
            with gr.Tab("Picture", id="picture") as bring:
                self.picture = PictureInput(
                    label="Picture",
                    sources=["upload", "webcam", "clipboard"],
                    height=300,
                    elem_id=f"{name}-picture",
                    buttons=[],
                    alt_text="Your picture",
                )
                self.examples = gr.Examples(
                    [[str(path)] for path in examples],
                    [self.picture],
                    label="Or take one of these",
                    api_visibility="private",
                    examples_per_page=12,
                )
            with gr.Tab("Draw", id="drawing") as draw:
                self.board = gr.ImageEditor(
                    label="Drawing board",
                    type="pil",
                    image_mode="RGB",
                    sources=(),
                    transforms=(),
                    layers=False,
                    canvas_size=(BOARD_SIDE, BOARD_SIDE),
                    fixed_canvas=True,
                    height=460,
                    brush=gr.Brush(
                        default_size=12, colors=list(BRUSHES.values()), default_color=BRUSHES["red"], color_mode="fixed"
                    ),
                    eraser=gr.Eraser(default_size=24),
                    elem_id=f"{name}-board",
                    buttons=[],
                )
            tabs += [(bring, "picture"), (draw, "drawing")]
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
                tabs.append((watch, "live"))
        for tab, kind in tabs:
            tab.select(_constant(kind), None, self.kind, queue=False, show_progress="hidden", api_visibility="private")

    @property
    def inputs(self) -> list[Any]:
        """The components that `chosen` takes, in its order."""
        return [self.kind, self.picture, self.board]

def chosen(kind: str, picture: str | None, board: dict[str, Any] | None) -> str | Image.Image:
    """What the person means: the picture brought or the one drawn. Raises UserError where there is none."""
    if kind == "drawing":
        drawn = board and board.get("composite")
        if drawn is None or drawn.getextrema() == ((255, 255),) * 3:
            raise UserError("The drawing board is empty: draw something on it first.")
        return drawn
    if picture is None:
        raise UserError("There is no picture yet: upload, paste, photograph or draw one, or take an example.")
    return picture

def _constant(value: str) -> Callable[[], str]:
    return lambda: value
