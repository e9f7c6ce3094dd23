"""The eraser: a brush that covers parts of the picture with its mean colour, and the picture as it is then."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np
from PIL import Image, ImageDraw

from mm_demo.errors import UserError
from mm_demo.ui.attention_view import data_uri

_FOLDER = Path(__file__).parent
_MOST_POINTS = 20_000


def eraser(elem_id: str) -> gr.HTML:
    """The component; give it what `to_erase` returns, and what it holds to `erased`."""
    return gr.HTML(
        value={"run": None, "strokes": []},
        html_template=(_FOLDER / "eraser.html").read_text(),
        css_template=(_FOLDER / "eraser.css").read_text(),
        js_on_load=(_FOLDER / "eraser.js").read_text(),
        apply_default_css=False,
        elem_id=elem_id,
        picture_uri="",
        fill="",
    )


def to_erase(run: str, picture: Image.Image) -> Any:
    """An update of the eraser that brings a picture, with nothing of it erased."""
    fill = "#" + bytes(_mean(picture)).hex()
    return gr.update(value={"run": run, "strokes": []}, picture_uri=data_uri(picture), fill=fill)


def erased(picture: Image.Image, run: str, value: Any) -> Image.Image | None:
    """The picture with the strokes filled with its mean colour; None where nothing was painted over.

    Args:
        picture: RGB.
        run: names the answer; strokes over the picture of another one are not meant.
        value: what the eraser holds.

    Raises:
        UserError: what it holds are no strokes.
    """
    if not isinstance(value, dict) or value.get("run") != run or not value.get("strokes"):
        return None
    covered = picture.copy()
    pen, side, colour = ImageDraw.Draw(covered), max(picture.size), _mean(picture)
    for width, points in _strokes(value["strokes"]):
        scaled = [(x * side, y * side) for x, y in points]
        radius = max(0.5, width * side / 2)
        pen.line(scaled, fill=colour, width=max(1, round(2 * radius)), joint="curve")
        for x, y in scaled:
            pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=colour)
    return covered


def _strokes(given: Any) -> list[tuple[float, list[tuple[float, float]]]]:
    try:
        read = [
            (float(stroke["width"]), [(float(x), float(y)) for x, y in stroke["points"]][:_MOST_POINTS])
            for stroke in given
        ]
        numbers = [value for width, points in read for value in (width, *(v for point in points for v in point))]
        if sum(len(points) for _, points in read) > _MOST_POINTS or not all(
            math.isfinite(value) and abs(value) <= 2 for value in numbers
        ):
            raise ValueError("not what the brush makes")
    except (TypeError, ValueError, KeyError) as error:
        raise UserError("What was painted could not be read: start over and paint again.") from error
    return [(width, points) for width, points in read if points]


def _mean(picture: Image.Image) -> tuple[int, int, int]:
    red, green, blue = np.asarray(picture.convert("RGB"), float).mean(axis=(0, 1)).round().astype(int)
    return int(red), int(green), int(blue)
