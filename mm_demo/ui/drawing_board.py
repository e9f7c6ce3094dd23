"""The drawing board: a white square and the eight colours that the embedded models can name.

Gradio's own editor hides the colours two menus deep and needs WebGL; here they are in sight, and a canvas is enough.
"""

from __future__ import annotations

import base64
import io
from pathlib import Path

import gradio as gr
from PIL import Image

from mm_demo.errors import UserError

_FOLDER = Path(__file__).parent

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
"""Name of each brush and its colour."""

_LARGEST = 4_000_000
_PREFIX = "data:image/png;base64,"


def drawing_board(elem_id: str) -> gr.HTML:
    """The component; its value is what `read_drawing` takes."""
    return gr.HTML(
        value="",
        html_template=(_FOLDER / "drawing_board.html").read_text(),
        css_template=(_FOLDER / "drawing_board.css").read_text(),
        js_on_load=(_FOLDER / "drawing_board.js").read_text(),
        apply_default_css=False,
        elem_id=elem_id,
        brushes=[{"name": name, "colour": colour} for name, colour in BRUSHES.items()],
    )


def read_drawing(value: str | None) -> Image.Image:
    """The drawing as an RGB picture. Raises UserError where nothing was drawn."""
    if not value:
        raise UserError("The drawing board is empty: draw something on it first.")
    try:
        if not value.startswith(_PREFIX) or len(value) > _LARGEST:
            raise ValueError("not a drawing of the board")
        data = base64.b64decode(value.removeprefix(_PREFIX), validate=True)
        with Image.open(io.BytesIO(data), formats=("PNG",)) as picture:
            return picture.convert("RGB")
    except (ValueError, OSError, SyntaxError, Image.DecompressionBombError) as error:
        raise UserError("The drawing could not be read: clear the board and draw again.") from error
