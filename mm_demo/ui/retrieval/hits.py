"""The hits on the page: a row of buttons, and how far they stand out of the gallery."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr
import numpy as np

from mm_demo.errors import UserError
from mm_demo.tasks.inputs import read_image
from mm_demo.tasks.retrieval_result import Query
from mm_demo.ui.retrieval.indexing import Indexing
from mm_demo.ui.retrieval.thumbnails import thumbnail
from mm_demo.views.hits import ShownHit, hit_grid
from mm_demo.views.scores import score_histogram

if TYPE_CHECKING:
    from mm_demo.index import Hit
    from mm_demo.ui.retrieval.gallery import Own

_FOLDER = Path(__file__).parent
EMPTY = '<p class="empty">The pictures that match best, and why they do, will stand here.</p>'
MOST_SCORES = 5_000
"""Of larger galleries only this many best scores are fetched: all of a million would take longer than the search."""
_SIDE = 160


@dataclass(frozen=True)
class Found:
    """One search.

    Attributes:
        run: its name.
        query: what was looked for.
        hits: best first.
        notes: sentences to show over every match: what of the query was left aside, say.
        indexing: where the gallery is from.
        own: the session's gallery, so that its files live as long as the hits are shown; None for the generated one.
    """

    run: str
    query: Query
    hits: list[Hit]
    notes: list[str]
    indexing: Indexing
    own: Own | None


def hits_view(elem_id: str) -> gr.HTML:
    """The component; its `select` event carries the `index` of a hit and the `run` it belongs to."""
    return gr.HTML(
        value={"run": "", "shown": EMPTY},
        html_template='<div class="found"></div>',
        css_template=(_FOLDER / "hits.css").read_text(),
        js_on_load=(_FOLDER / "hits.js").read_text(),
        apply_default_css=False,
        elem_id=elem_id,
    )


def hits_content(run: str, hits: Sequence[Hit], scores: np.ndarray) -> dict[str, Any]:
    """What the component shows.

    Args:
        run: name of the search.
        hits: best first, at least one.
        scores: (pictures,) of the whole gallery, or of the best `MOST_SCORES` of it.
    """
    shown = [ShownHit(hit.path.name, hit.score, _source(hit)) for hit in hits]
    best = np.array([hit.score for hit in hits])
    grid = hit_grid(shown, float(scores.min()), float(scores.max()), float(scores.mean()))
    return {"run": run, "shown": grid + score_histogram(scores, best)}


def said(shown: str) -> dict[str, Any]:
    """A message in the place of the hits, as HTML."""
    return {"run": "", "shown": shown}


def _source(hit: Hit) -> str:
    try:
        return thumbnail(read_image(hit.path), _SIDE)
    except UserError:
        return ""
