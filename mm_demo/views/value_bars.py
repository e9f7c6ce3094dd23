"""Signed values with their standard errors, as bars right of a middle line or left: plain HTML, labels escaped."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import numpy as np

from mm_demo.views.words import shortened

_SHOWN = 12
"""A long text has more words than anybody compares."""


def value_bars(labels: Sequence[str], values: np.ndarray, errors: np.ndarray, title: str) -> str:
    """One bar for each of the twelve largest values, in reading order; a thin line spans the standard error.

    Args:
        labels: (elements,) what a person calls each.
        values: (elements,) any range; the longest bar is the largest of them with its error.
        errors: (elements,) standard errors, 0 or more; an infinite one is unknown, and "±?" stands in its place.
        title: one line above the bars.
    """
    known = np.where(np.isfinite(errors), errors, 0.0)
    largest = float((np.abs(values) + known).max(initial=0.0)) or 1.0
    shown = sorted(np.argsort(-np.abs(values), kind="stable")[:_SHOWN].tolist())
    rows = "".join(_row(labels[i], float(values[i]), float(errors[i]), largest) for i in shown)
    kind = "" if errors.any() else ' class="exact"'
    left = len(values) - len(shown)
    more = f'<p class="heard">and {left} more, each of them smaller.</p>' if left > 0 else ""
    return (
        f'<div class="value-bars"><p>{escape(title)}</p><ol{kind} aria-label="{escape(title)}">{rows}</ol>{more}</div>'
    )


def _row(label: str, value: float, error: float, largest: float) -> str:
    side = "for" if value >= 0 else "against"
    spread = error if np.isfinite(error) else 0.0
    whisker = ""
    if spread > 0:
        left, width = 50 + 50 * (value - spread) / largest, 100 * spread / largest
        whisker = f'<i style="left:{left:.1f}%;width:{width:.1f}%"></i>'
    return (
        f'<li><span class="name">{escape(shortened(label))}</span><span class="track" aria-hidden="true">'
        f'<span class="{side}" style="width:{50 * abs(value) / largest:.1f}%"></span>{whisker}</span>'
        f'<span class="figure">{_figure(value, error)}</span></li>'
    )


def _figure(value: float, error: float) -> str:
    said = f"{'+' if value >= 0 else '−'}{abs(value):.3f}"
    if error == 0:
        return said
    return f"{said} ±{error:.3f}" if np.isfinite(error) else f"{said} ±?"
