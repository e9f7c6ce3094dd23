"""The similarity matrix: a table that the browser recolours as the temperature moves."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np
from PIL import Image

from mm_demo.ui.retrieval.thumbnails import thumbnail
from mm_demo.views.similarity import similarity_table

_FOLDER = Path(__file__).parent
_SIDE = 96


def similarity_view(elem_id: str) -> gr.HTML:
    """The component, empty; give it what `similarity_content` returns."""
    return gr.HTML(
        value=None,
        html_template=(_FOLDER / "similarity.html").read_text(),
        css_template=(_FOLDER / "similarity.css").read_text(),
        js_on_load=(_FOLDER / "similarity.js").read_text(),
        apply_default_css=False,
        elem_id=elem_id,
    )


def similarity_content(
    texts: Sequence[str],
    pictures: Sequence[tuple[str, Image.Image]],
    cosines: np.ndarray,
    probabilities: np.ndarray,
    temperature: float,
    bias: float | None,
) -> dict[str, Any]:
    """What the view shows.

    Args:
        texts: the rows.
        pictures: the columns, (file name, picture).
        cosines: (texts, pictures).
        probabilities: (texts, pictures), at the model's own temperature.
        temperature: the model's own, above 0.
        bias: of a sigmoid on every pair; None for a softmax.
    """
    heads = [(name, thumbnail(picture, _SIDE)) for name, picture in pictures]
    table = similarity_table(texts, heads, cosines, probabilities)
    return {"table": table, "temperature": float(temperature), "bias": bias}
