"""Probabilities and shares as bars: plain HTML, everything that came from outside escaped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

SHARE_COLOURS = {"image": "#21918c", "text": "#e67e22", "audio": "#7a5fc0"}
"""Modality -> its colour, everywhere on the page."""


def answer_bars(candidates: Sequence[tuple[str, float]], label: str = "Most probable answers") -> str:
    """A list of (answer, probability 0…1), best first, as one labelled bar each."""
    rows = "".join(
        f'<li class="{"best" if i == 0 else "other"}"><span class="name">{escape(name)}</span>'
        f'<span class="track" aria-hidden="true"><span style="width:{percent(probability):.1f}%"></span></span>'
        f'<span class="figure">{percent(probability):.1f} %</span></li>'
        for i, (name, probability) in enumerate(candidates)
    )
    return f'<ol class="answer-bars" aria-label="{escape(label)}">{rows}</ol>'


def share_bar(shares: Mapping[str, float], names: Mapping[str, str], title: str = "What the answer rests on") -> str:
    """How much of the answer each modality carries, as one divided bar with its legend.

    Args:
        shares: modality -> share 0…1, summing to 1.
        names: modality -> the word a person reads.
        title: one line above the bar.
    """
    parts = [(names.get(key, key), percent(share), SHARE_COLOURS.get(key, "#777")) for key, share in shares.items()]
    spoken = ", ".join(f"{name} {value:.0f} %" for name, value, _ in parts)
    bars = "".join(f'<span style="width:{value:.1f}%;background:{colour}"></span>' for _, value, colour in parts)
    legend = "".join(
        f'<li><i style="background:{colour}"></i>{escape(name)} <b>{value:.0f} %</b></li>'
        for name, value, colour in parts
    )
    return (
        f'<div class="share-bar"><p>{escape(title)}</p><div class="track" role="img" '
        f'aria-label="{escape(title)}: {escape(spoken)}">{bars}</div><ul>{legend}</ul></div>'
    )


def percent(share: float) -> float:
    """A share 0…1 in per cent, held inside 0…100."""
    return 100 * min(1.0, max(0.0, float(share)))
