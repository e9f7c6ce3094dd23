"""The picture that people bring. (Gradio writes a .pyi beside every component of one's own; it is not kept.)"""

from __future__ import annotations

import gradio as gr
from gradio.components.image import ImageData


class PictureInput(gr.Image):
    """gr.Image(type="filepath") that passes the file on unread: a damaged one is met where it can be explained."""

    def preprocess(self, payload: ImageData | None) -> str | None:
        """The path of what was uploaded, or None."""
        if payload is None or payload.path is None:
            return super().preprocess(payload)
        return payload.path

    def get_block_name(self) -> str:
        """The name of the front end's component: Gradio's own."""
        return "image"
