"""The last minute of a live judgement as one drawing: three lines, and below them who carried the answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mm_demo.views.bars import SHARE_COLOURS
from mm_demo.views.sentiments import COLOURS, ORDER, leading

SPAN = 60.0
"""Seconds that the drawing reaches back."""
_GAP = 2.5
"""Moments further apart than this, in seconds, are not joined by a line: in between nobody spoke."""
_WIDTH, _LINES, _BAND, _SPACE = 600, 120, 26, 8
_DASHES = {"negative": "", "neutral": "2 4", "positive": "9 4"}


@dataclass(frozen=True)
class Moment:
    """One judgement of a live recording.

    Attributes:
        at: seconds since the recording began.
        probabilities: sentiment -> probability 0…1.
        weights: modality -> weight 0…1, summing to 1.
    """

    at: float
    probabilities: Mapping[str, float]
    weights: Mapping[str, float]


def timeline(moments: Sequence[Moment], now: float) -> str:
    """An inline SVG of the moments of the last minute, with its legend; `now` in seconds since the beginning."""
    shown = [moment for moment in moments if now - SPAN <= moment.at <= now]
    runs = _runs(shown)
    height = _LINES + _SPACE + _BAND
    grid = "".join(
        f'<line x1="{x:.0f}" x2="{x:.0f}" y1="0" y2="{height}" class="grid"/>'
        for x in (_WIDTH * step / 6 for step in range(1, 6))
    )
    lines = "".join(_line(run, now, name) for run in runs for name in ORDER)
    band = "".join(_weights(run, now) for run in runs)
    return (
        f'<figure class="timeline"><svg viewBox="0 0 {_WIDTH} {height}" preserveAspectRatio="none" role="img" '
        f'aria-label="{_spoken(shown, now)}">{grid}{lines}{band}</svg>'
        f"<figcaption><span>a minute ago</span><ul>{_legend()}</ul><span>now</span></figcaption></figure>"
    )


def _runs(shown: Sequence[Moment]) -> list[list[Moment]]:
    runs: list[list[Moment]] = []
    for moment in shown:
        if runs and moment.at - runs[-1][-1].at <= _GAP:
            runs[-1].append(moment)
        else:
            runs.append([moment])
    return runs


def _x(moment: Moment, now: float) -> float:
    return _WIDTH * (1 - (now - moment.at) / SPAN)


def _line(run: Sequence[Moment], now: float, name: str) -> str:
    points = [(_x(moment, now), _LINES * (1 - moment.probabilities.get(name, 0.0))) for moment in run]
    if len(points) == 1:  # One moment alone would be no line at all.
        points.append((points[0][0] + 2, points[0][1]))
    return (
        f'<polyline class="{name}" points="{" ".join(f"{x:.1f},{y:.1f}" for x, y in points)}" fill="none" '
        f'stroke="{COLOURS[name]}" stroke-width="2.5" stroke-dasharray="{_DASHES[name]}" '
        'vector-effect="non-scaling-stroke"/>'
    )


def _weights(run: Sequence[Moment], now: float) -> str:
    """The voice's part from the top of the band, the words' part below it: one bar for each moment."""
    parts = []
    for i, moment in enumerate(run):
        left = _x(moment, now)
        right = _x(run[i + 1], now) if i + 1 < len(run) else left + 4
        top = float(_LINES + _SPACE)
        for name in ("audio", "text"):
            high = _BAND * moment.weights.get(name, 0.0)
            parts.append(
                f'<rect class="{name}" x="{left:.1f}" y="{top:.1f}" width="{right - left + 0.3:.1f}" '
                f'height="{high:.1f}" fill="{SHARE_COLOURS[name]}"/>'
            )
            top += high
    return "".join(parts)


def _legend() -> str:
    lines = "".join(
        f'<li><svg viewBox="0 0 26 8" aria-hidden="true"><line x1="1" x2="25" y1="4" y2="4" stroke="{COLOURS[name]}" '
        f'stroke-width="3" stroke-dasharray="{_DASHES[name]}"/></svg>{name}</li>'
        for name in ORDER
    )
    bands = (("audio", "weight of the voice"), ("text", "of the words"))
    return lines + "".join(f'<li><i style="background:{SHARE_COLOURS[key]}"></i>{name}</li>' for key, name in bands)


def _spoken(shown: Sequence[Moment], now: float) -> str:
    if not shown:
        return "Nothing judged in the last minute"
    last = shown[-1].probabilities
    best = leading(last)
    often = max(ORDER, key=lambda name: sum(leading(moment.probabilities) == name for moment in shown))
    seconds, last_percent = min(SPAN, now), 100 * last[best]
    return f"{len(shown)} judgements in {seconds:.0f} seconds, mostly {often}; the last: {best} {last_percent:.0f} %"
