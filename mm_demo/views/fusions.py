"""What every fusion strategy makes of the same voice and words, one row each."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING

from mm_demo.views.bars import SHARE_COLOURS, percent
from mm_demo.views.sentiments import sentiment_bars

if TYPE_CHECKING:
    from mm_demo.tasks.sentiment_result import FusionOpinion

_NAMES = {"audio": "voice", "text": "words"}


def fusion_table(opinions: Sequence[FusionOpinion]) -> str:
    """An HTML table that scrolls inside its own box; the first row is the chosen strategy's. Empty without opinions."""
    if not opinions:
        return ""
    rows = "".join(_row(opinion, chosen=i == 0) for i, opinion in enumerate(opinions))
    return (
        '<section class="fusions" aria-label="Fusion strategies side by side"><h3>The same voice and words under every '
        'fusion strategy</h3><div class="scroll" tabindex="0" role="region" aria-label="Table of fusion strategies">'
        '<table><thead><tr><th scope="col">Fusion</th><th scope="col">Sentiment</th><th scope="col">Probabilities</th>'
        f'<th scope="col">Weights</th></tr></thead><tbody>{rows}</tbody></table></div></section>'
    )


def _row(opinion: FusionOpinion, chosen: bool) -> str:
    mark = ' <span class="chosen">chosen</span>' if chosen else ""
    kind = "weights of its own" if opinion.own_weights else "exact Shapley shares"
    return (
        f'<tr><th scope="row">{escape(opinion.label)}{mark}<small>{escape(opinion.help)}</small></th>'
        f"<td><b>{escape(opinion.answer)}</b></td><td>{sentiment_bars(opinion.probabilities)}</td>"
        f"<td>{_weights(opinion)}<small>{kind}</small></td></tr>"
    )


def _weights(opinion: FusionOpinion) -> str:
    parts = [(_NAMES.get(key, key), percent(value), SHARE_COLOURS[key]) for key, value in opinion.weights.items()]
    spoken = ", ".join(f"{name} {value:.0f} %" for name, value, _ in parts)
    bars = "".join(f'<span style="width:{value:.1f}%;background:{colour}"></span>' for _, value, colour in parts)
    return f'<span class="weights" aria-hidden="true">{bars}</span><span class="figure">{spoken}</span>'
