"""What every fusion strategy says about one example: a table, everything that came from outside escaped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import NamedTuple

from mm_demo.views.bars import percent
from mm_demo.views.line_styles import COLOURS

_SHOWN = 3
"""Most classes that a row names."""


class OpinionRow(NamedTuple):
    """A strategy's row.

    Attributes:
        label: what a person calls it.
        probabilities: class → probability 0…1, likeliest first.
        seeds_right: "2 of 3".
        weights: modality → share 0…1, summing to 1.
        weights_kind: where they come from.
    """

    label: str
    probabilities: Mapping[str, float]
    seeds_right: str
    weights: Mapping[str, float]
    weights_kind: str


def opinion_table(truth: str | None, rows: Sequence[OpinionRow]) -> str:
    """The table, with what is true above it.

    Args:
        truth: the example's class; None where nobody knows it.
        rows: one for each strategy.
    """
    body = "".join(_row(row, truth) for row in rows)
    said = "Your own question" if truth is None else f"The label of this example: <b>{escape(truth)}</b>"
    seeds = "" if truth is None else '<th scope="col">Seeds right</th>'
    return (
        f'<p class="truth">{said}</p>'
        '<div class="scroll" tabindex="0" role="region" aria-label="What every strategy says about this example">'
        '<table><thead><tr><th scope="col">Strategy</th><th scope="col">Answer</th><th scope="col">Probabilities</th>'
        f'{seeds}<th scope="col">Weights</th></tr></thead><tbody>{body}</tbody></table></div>'
    )


def _row(row: OpinionRow, truth: str | None) -> str:
    answer = next(iter(row.probabilities))
    odds = "".join(
        f'<li><span class="name">{escape(name)}</span><span class="track" aria-hidden="true">'
        f'<span style="width:{percent(value):.1f}%"></span></span><span class="figure">{percent(value):.1f} %</span>'
        "</li>"
        for name, value in list(row.probabilities.items())[:_SHOWN]
    )
    kind, mark, seeds = "unknown", "", ""
    if truth is not None:
        kind = "right" if answer == truth else "wrong"
        mark = f"<small>{'✓ right' if answer == truth else '✗ wrong'}</small>"
        seeds = f"<td>{escape(row.seeds_right)}</td>"
    return (
        f'<tr class="{kind}"><th scope="row">{escape(row.label)}</th>'
        f"<td><b>{escape(answer)}</b>{mark}</td><td><ul>{odds}</ul></td>"
        f"{seeds}<td>{_weights(row)}<small>{escape(row.weights_kind)}</small></td></tr>"
    )


def _weights(row: OpinionRow) -> str:
    parts = [
        (name, percent(share), COLOURS[place % len(COLOURS)]) for place, (name, share) in enumerate(row.weights.items())
    ]
    bars = "".join(f'<span style="width:{value:.1f}%;background:{colour}"></span>' for _, value, colour in parts)
    spoken = " ".join(
        f'<span class="share"><i style="background:{colour}"></i>{escape(name)} {value:.0f} %</span>'
        for name, value, colour in parts
    )
    return f'<span class="weights" aria-hidden="true">{bars}</span>{spoken}'
