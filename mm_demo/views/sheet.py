"""One picture to keep: the input and every word's map side by side, each with its caption."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from mm_demo.views.colors import viridis
from mm_demo.views.overlay import overlay

_CELL = 200
_GAP = 16
_LINE = 24
_INK = (30, 32, 38)


def sheet(picture: Image.Image, maps: Sequence[tuple[str, np.ndarray]], title: str, columns: int = 5) -> Image.Image:
    """Draws the picture and its maps in rows, with a colour bar below.

    Args:
        picture: what the model saw, RGB.
        maps: (caption, (rows, cols) map) in reading order.
        title: one line above everything.
        columns: most cells in a row.
    """
    scale = _CELL / max(picture.size)
    size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
    small = picture.convert("RGB").resize(size, Image.Resampling.LANCZOS)
    cells = [("input", small), *((caption, overlay(small, values)) for caption, values in maps)]
    columns = min(columns, len(cells))
    rows = -(-len(cells) // columns)
    height_of_row = size[1] + _LINE + _GAP
    page = Image.new(
        "RGB", (_GAP + columns * (_CELL + _GAP), 2 * _GAP + _LINE + rows * height_of_row + 2 * _LINE), "white"
    )
    draw = ImageDraw.Draw(page)
    _write(draw, (_GAP, _GAP), title, page.width - 2 * _GAP, 18)
    for i, (caption, cell) in enumerate(cells):
        left = _GAP + (i % columns) * (_CELL + _GAP)
        top = 2 * _GAP + _LINE + (i // columns) * height_of_row
        page.paste(cell, (left, top))
        _write(draw, (left, top + size[1] + 4), caption, _CELL, 15)
    _colour_bar(page, draw, top=page.height - 2 * _LINE)
    return page


def _colour_bar(page: Image.Image, draw: ImageDraw.ImageDraw, top: int) -> None:
    bar = Image.fromarray(np.repeat(viridis()[None], 12, axis=0)).resize((_CELL // 2, 12))
    page.paste(bar, (_GAP + 34, top + 4))
    _write(draw, (_GAP, top), "low", 34, 14)
    text = "high (each map relative to its own highest value)"
    _write(draw, (_GAP + 42 + _CELL // 2, top), text, page.width - _CELL, 14)


def _write(draw: ImageDraw.ImageDraw, at: tuple[int, int], text: str, width: int, size: int) -> None:
    font = ImageFont.load_default(size)
    if draw.textlength(text, font=font) > width:
        fits = bisect_left(
            range(len(text)), True, key=lambda n: draw.textlength(text[: n + 1] + "…", font=font) > width
        )
        text = text[:fits] + "…"
    draw.text(at, text, fill=_INK, font=font)
