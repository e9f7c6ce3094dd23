"""The attention view: a picture under the map of the word that one points at, redrawn in the browser.

The server sends the picture once and, as the model makes them, words with their small maps; hovering, focusing or
tapping a word needs no further exchange.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict

import gradio as gr
import numpy as np
from PIL import Image

from mm_demo.ui.evidence.shuffled import as_asked
from mm_demo.views.colors import viridis
from mm_demo.views.overlay import relative

if TYPE_CHECKING:
    from mm_demo.tasks.results import CaptionStep, TokenRelevance

_FOLDER = Path(__file__).parent
_SHOWN_SIDE = 768


class Word(TypedDict, total=False):
    """One word of the view; `map` is flat, row after row, relative to its own highest value."""

    text: str
    map: list[float]
    glued: bool
    probability: float
    runners: list[tuple[str, float]]
    relevance: float
    known: bool
    changed: bool


def attention_view(elem_id: str, compact: bool = False) -> gr.HTML:
    """The component; give it what `content` and `picture_and` return.

    Its event `select` tells, of a word that stays chosen, the `run` and the `index`, None for the whole answer.
    A compact one leaves out the legend and what one can do with a map.
    """
    table = viridis()
    scale = ",".join(f"#{bytes(table[i]).hex()}" for i in range(0, 256, 15))
    script = (_FOLDER / "attention_view.js").read_text()
    return gr.HTML(
        value=content(None, []),
        html_template=(_FOLDER / "attention_view.html").read_text(),
        css_template=(_FOLDER / "attention_view.css").read_text().replace("__SCALE__", scale),
        js_on_load=script.replace("__TABLE__", base64.b64encode(table.tobytes()).decode()),
        apply_default_css=False,
        elem_id=elem_id,
        elem_classes="compact" if compact else None,
        picture_uri="",
    )


def content(
    run: str | None,
    words: Sequence[Word],
    shape: tuple[int, int] = (1, 1),
    *,
    whole: Word | None = None,
    heading: str = "",
    spoken: str = "",
    busy: bool = False,
    error: str = "",
    about: str = "answer",
    follow: bool = True,
    lead: int | None = None,
) -> dict[str, Any]:
    """What the view shows.

    Args:
        run: names one answer, so that a new one starts afresh and a growing one keeps its place; None shows nothing.
        words: in reading order.
        shape: (rows, cols) of every map.
        whole: the answer itself with its map, shown until a word is chosen.
        heading: one line above the words.
        spoken: what a screen reader says when the answer is complete.
        busy: more is to come.
        error: one sentence in the place of the answer.
        about: what `whole` is, and what words speak for or against, in one word.
        follow: whether a narrow page scrolls to a new run.
        lead: number of the word whose map is shown until another is chosen, None for the last; kept within a run.
    """
    return {
        "run": run,
        "tokens": list(words),
        "rows": shape[0],
        "cols": shape[1],
        "whole": whole,
        "heading": heading,
        "spoken": spoken,
        "busy": busy,
        "error": error,
        "about": about,
        "follow": follow,
        "lead": lead,
    }


def picture_and(picture: Image.Image, shown: dict[str, Any]) -> dict[str, Any]:
    """An update of the view that brings a new picture; later updates of the same run leave it out.

    Those are plain contents: of a plain one and a `gr.update` that follow each other quickly, Gradio 6.31 may go on
    showing the first.
    """
    return gr.update(value=shown, picture_uri=data_uri(picture))


def caption_word(step: CaptionStep) -> Word:
    """A generated token as the view takes it."""
    return Word(
        text=step.token,
        glued=step.continues,
        probability=round(float(step.probability), 4),
        runners=[(text, round(float(p), 4)) for text, p in step.runners_up[:4]],
        map=flat(step.map),
    )


def question_word(token: TokenRelevance) -> Word:
    """A token of the question as the view takes it."""
    return Word(text=token.token, relevance=round(float(token.relevance), 3), known=token.known, map=flat(token.map))


def flat(values: np.ndarray) -> list[float]:
    """A (rows, cols) map row after row, relative to its highest value, three decimals: about 5 bytes a cell."""
    return [round(float(v), 3) for v in relative(as_asked(values)).ravel()]


def data_uri(picture: Image.Image) -> str:
    """The picture as the browser takes it, its longer side at most 768."""
    shown = picture.convert("RGB")
    shown.thumbnail((_SHOWN_SIDE, _SHOWN_SIDE), Image.Resampling.LANCZOS)
    kind = "PNG" if max(shown.size) <= 256 else "JPEG"
    buffer = io.BytesIO()
    shown.save(buffer, kind, quality=88)
    return f"data:image/{kind.lower()};base64,{base64.b64encode(buffer.getvalue()).decode()}"
