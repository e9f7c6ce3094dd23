"""What the live training shows: each loss with its curves, its matrix and a sentence, and all of them in one table."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

import gradio as gr
import numpy as np
from PIL import Image

from mm_demo.alignment.world import HELD_OUT, SHOWN, held_out
from mm_demo.views.alignment import COLOURS, recall_curves, recall_table, similarity_matrix

if TYPE_CHECKING:
    from mm_demo.alignment import Progress

TITLES = {"contrastive": "Contrastive loss", "triplet": "Triplet loss"}
EMPTY = '<p class="empty">Press Train: the curves and matrices of both losses will move here side by side.</p>'
_CSS = Path(__file__).parent / "alignment.css"
_COLLAPSED = -0.25
"""Uniformity from which on a space counts as collapsed; random weights have about −1.4."""
_CHANCE = {k: k / HELD_OUT for k in COLOURS}


def training_view() -> gr.HTML:
    """The component; it knows the pictures already, so that a report need not carry them."""
    shown = np.concatenate([pair.picture for pair in held_out(SHOWN)], axis=1)
    buffer = io.BytesIO()
    Image.fromarray(shown).save(buffer, "PNG")
    strip = f"url(data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()})"
    return gr.HTML(
        EMPTY,
        html_template="${value}",
        css_template=f".pair {{ background-image: {strip}; --pairs: {SHOWN}; }}\n{_CSS.read_text()}",
        apply_default_css=False,
        elem_id="alignment-view",
    )


def training_html(runs: Mapping[str, Sequence[Progress]], steps: int) -> str:
    """All of the view.

    Args:
        runs: loss → its reports so far, at least one each.
        steps: how many there will be.
    """
    texts = [min(pair.texts, key=len) for pair in held_out(SHOWN)]
    columns = "".join(_run(TITLES[loss], reports, steps, texts) for loss, reports in runs.items())
    rows = [(TITLES[loss], (last := reports[-1].recall).text_to_picture, last.picture_to_text)
            for loss, reports in runs.items()]  # fmt: skip
    table = recall_table([*rows, (f"chance, 1 of {HELD_OUT}", _CHANCE, _CHANCE)])
    return f'<div class="runs">{columns}</div><h4>Recall on {HELD_OUT} pairs that were never trained on</h4>{table}'


def problem_html(sentence: str) -> str:
    """One sentence in the place of the view."""
    return f'<p class="problem" role="alert">{escape(sentence)}</p>'


def remark(report: Progress) -> str:
    """What the matrix of a report says, in a sentence."""
    cosines = report.similarities
    right = float(cosines.diagonal().mean())
    wrong = float(cosines[~np.eye(len(cosines), dtype=bool)].mean())
    said = f"Mean cosine: right pairs {right:.2f}, wrong pairs {wrong:.2f}.".replace("-", "−")
    if report.uniformity < _COLLAPSED:
        return said
    return f"Collapsed: all pictures are in one place, and all texts in one. {said}"


def _run(title: str, reports: Sequence[Progress], steps: int, texts: Sequence[str]) -> str:
    last = reports[-1]
    curves = recall_curves(
        [report.step for report in reports],
        [report.recall.text_to_picture for report in reports],
        [report.recall.picture_to_text for report in reports],
        steps,
        title,
    )
    figures = {
        "loss": "–" if last.loss is None else f"{last.loss:.3f}",
        "temperature": "none" if last.temperature is None else f"{last.temperature:.3f}",
        "alignment": f"{last.alignment:.2f}",
        "uniformity": f"{last.uniformity:.2f}".replace("-", "−"),
    }
    shown = "".join(f"<div><dt>{name}</dt><dd>{value}</dd></div>" for name, value in figures.items())
    matrix = similarity_matrix(last.similarities, texts, f"{title}: similarity of {SHOWN} texts and pictures")
    return (
        f'<section aria-label="{title}"><h3>{title}</h3>{curves}<dl>{shown}</dl><p class="remark">{remark(last)}</p>'
        f"{matrix}</section>"
    )
