"""Hits as a row of buttons, best first: picture, name, and where its score lies among those of the gallery."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from mm_demo.views.scores import plain


@dataclass(frozen=True)
class ShownHit:
    """One hit.

    Attributes:
        name: the picture's file name.
        score: its cosine, −1…1.
        source: the picture as a data URI; empty where it can't be read any more.
    """

    name: str
    score: float
    source: str


def hit_grid(hits: Sequence[ShownHit], low: float, high: float, mean: float, chosen: int | None = 0) -> str:
    """The hits as HTML.

    Args:
        hits: best first.
        low, high: the lowest and highest score in the gallery, the ends of every bar.
        mean: its mean score, marked on every bar.
        chosen: number of the hit that is explained, None for none.
    """
    span = max(high - low, 1e-6)
    marked = _percent((mean - low) / span)
    cards = "".join(
        f'<li><button type="button" data-index="{i}" aria-pressed="{str(i == chosen).lower()}">'
        f"{_picture(hit)}"
        f'<span class="rank">{i + 1}</span><span class="name" title="{escape(hit.name)}">{escape(hit.name)}</span>'
        f'<span class="bar" aria-hidden="true"><span style="width:{_percent((hit.score - low) / span)}"></span>'
        f'<i style="left:{marked}"></i></span><span class="score">{plain(hit.score)}</span></button></li>'
        for i, hit in enumerate(hits)
    )
    return (
        '<p class="meaning">Choose a hit to see why it matched. A bar runs from the lowest to the highest score in the '
        "gallery; its notch is the mean. Scores are cosines, no probabilities.</p>"
        f'<ol class="hits" aria-label="Hits, best first">{cards}</ol>'
    )


def _picture(hit: ShownHit) -> str:
    if not hit.source:
        return '<span class="missing">can’t be read any more</span>'
    return f'<img alt="{escape(hit.name)}, score {plain(hit.score)}" src="{hit.source}">'


def _percent(share: float) -> str:
    return f"{100 * min(1.0, max(0.0, share)):.1f}%"
