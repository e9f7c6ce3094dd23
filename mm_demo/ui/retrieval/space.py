"""The map of the space that texts and pictures share."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import gradio as gr
from PIL import Image

from mm_demo.ui.retrieval.thumbnails import thumbnail
from mm_demo.views.space import space_map

if TYPE_CHECKING:
    from mm_demo.tasks.retrieval_space import SharedSpace

_SIDE = 64


def space_view(elem_id: str) -> gr.HTML:
    """The component, empty; give it what `space_content` returns."""
    return gr.HTML(
        "", css_template=(Path(__file__).parent / "space.css").read_text(), apply_default_css=False, elem_id=elem_id
    )


def space_content(texts: Sequence[str], pictures: Sequence[tuple[str, Image.Image]], space: SharedSpace) -> str:
    """The map as HTML.

    Args:
        texts: in the order of `space.texts`.
        pictures: (file name, picture), in the order of `space.pictures`.
        space: where they lie.
    """
    framed = [(name, thumbnail(picture, _SIDE)) for name, picture in pictures]
    return space_map(texts, space.texts, framed, space.pictures, list(space.explained), space.modality_gap)
