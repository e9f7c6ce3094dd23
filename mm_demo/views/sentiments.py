"""Sentiments as bars: always in the same order and colours, so that opinions can be compared by eye."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

from mm_demo.views.bars import percent

ORDER = ("negative", "neutral", "positive")
COLOURS = {"negative": "#d55e00", "neutral": "#8c8c94", "positive": "#009e73"}
"""Vermilion, grey and bluish green: told apart with the common colour deficiencies (Okabe and Ito 2008)."""


def sentiment_bars(probabilities: Mapping[str, float]) -> str:
    """Three small labelled bars, negative first, the most probable one bold.

    Args:
        probabilities: sentiment -> probability 0…1.
    """
    best = leading(probabilities)
    rows = "".join(
        f'<li class="{"best" if name == best else "other"}"><span class="name">{name}</span>'
        f'<span class="track" aria-hidden="true"><span style="width:{percent(probabilities.get(name, 0)):.1f}%;'
        f'background:{COLOURS[name]}"></span></span>'
        f'<span class="figure">{percent(probabilities.get(name, 0)):.0f} %</span></li>'
        for name in ORDER
    )
    return f'<ul class="sentiment-bars">{rows}</ul>'


def opinions(unimodal: Mapping[str, Mapping[str, float] | None], names: Mapping[str, str]) -> str:
    """What each modality says by itself, side by side.

    Args:
        unimodal: modality -> its own probabilities, None for one that was not given.
        names: modality -> the words a person reads, such as "The voice alone".
    """
    cells = "".join(
        f'<div class="opinion"><p>{escape(names[key])}: <b>{leading(said)}</b></p>{sentiment_bars(said)}</div>'
        for key, said in unimodal.items()
        if said is not None
    )
    return f'<div class="opinions">{cells}</div>' if cells else ""


def leading(probabilities: Mapping[str, float]) -> str:
    """The most probable of the three sentiments."""
    return max(ORDER, key=lambda name: probabilities.get(name, 0.0))
