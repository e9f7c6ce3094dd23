"""What an answer is worth as parts of the input go: a map's two curves before the band of random orders, inline SVG."""

from __future__ import annotations

from html import escape

import numpy as np

from mm_demo.views.line_styles import COLOURS
from mm_demo.views.plot_frame import PlotFrame, legend_key

_FRAME = PlotFrame(width=480, height=240, left=46, right=12, top=26, bottom=26)
_FIRST, _LAST = COLOURS[3], COLOURS[0]
_LAST_DASHES, _RANDOM_DASHES = "7 4", "2 3"
_SPOKEN_AT = (0.2, 0.5, 1.0)


def deletion_curves(
    fractions: np.ndarray, first: np.ndarray, last: np.ndarray, random: np.ndarray, answer: str, unit: str
) -> str:
    """A figure with the map's curve, its reverse's, and mean ± standard deviation of the random orders.

    Text takes the page's colour, so it reads on light and dark.

    Args:
        fractions: (steps + 1,) share of the input that is removed, rising 0…1.
        first: (steps + 1,) score as the most relevant goes first.
        last: (steps + 1,) score as the least relevant goes first.
        random: (orders, 2, steps + 1) likewise for random orders and their reverses; there may be none yet.
        answer: what is scored, as a person reads it.
        unit: "probability", drawn from 0 to 1, or another word for any range.
    """
    curves = random.reshape(-1, len(fractions))
    mean, sd = (curves.mean(0), curves.std(0)) if len(curves) else (None, None)
    low, high = _range([first, last, *([] if mean is None else [mean - sd, mean + sd])], unit)

    def places(scores: np.ndarray) -> list[float]:
        return np.clip((scores - low) / (high - low), 0, 1).tolist()

    drawn = ""
    if mean is not None:
        edge = places(np.concatenate([mean + sd, (mean - sd)[::-1]]))
        around = _FRAME.points([*fractions, *fractions[::-1]], edge)
        drawn += f'<polygon class="random" points="{around}" fill="currentColor" fill-opacity="0.13"/>'
        drawn += _line(_FRAME.points(fractions, places(mean)), "currentColor", 2, _RANDOM_DASHES)
    drawn += _line(_FRAME.points(fractions, places(last)), _LAST, 3, _LAST_DASHES)
    drawn += _line(_FRAME.points(fractions, places(first)), _FIRST, 3, "")
    levels = [(share, _plain(low + share * (high - low))) for share in (0.0, 0.5, 1.0)]
    title = f"{unit} of “{answer}”"
    named = [("most relevant first", first), ("least relevant first", last)]
    if mean is not None:
        named.append((f"{len(random)} random orders and their reverses, mean ± spread", mean))
    keys = zip(named, ((_FIRST, ""), (_LAST, _LAST_DASHES), ("currentColor", _RANDOM_DASHES)))
    return (
        f'<figure class="evidence-curves"><svg viewBox="0 0 {_FRAME.width} {_FRAME.height}" role="img" '
        f'fill="currentColor" aria-label="{escape(_spoken(fractions, named, title))}">'
        f'<text x="{_FRAME.left}" y="14">{escape(title)}</text>'
        f"{_FRAME.axes(levels, 'nothing removed', 'all removed')}{drawn}</svg>"
        f"<figcaption><ul>{''.join(legend_key(name, *style) for (name, _), style in keys)}</ul></figcaption></figure>"
    )


def _line(points: str, colour: str, width: int, dashes: str) -> str:
    stroke = f'stroke="{colour}" stroke-width="{width}" stroke-dasharray="{dashes}"'
    return f'<polyline points="{points}" fill="none" {stroke}/>'


def _range(curves: list[np.ndarray], unit: str) -> tuple[float, float]:
    if unit == "probability":
        return 0.0, 1.0
    low, high = float(np.min(curves)), float(np.max(curves))
    return (low, high) if high > low else (low - 1, high + 1)


def _spoken(fractions: np.ndarray, named: list[tuple[str, np.ndarray]], title: str) -> str:
    """The drawing in words: the score with everything there, and each curve's after a fifth, a half and all."""
    removed = ", ".join(f"{100 * share:.0f} %" for share in _SPOKEN_AT)
    curves = "; ".join(
        f"{name}: {', '.join(_plain(score) for score in np.interp(_SPOKEN_AT, fractions, curve).tolist())}"
        for name, curve in named
    )
    return f"{title}, {_plain(float(named[0][1][0]))} with nothing removed; with {removed} removed: {curves}"


def _plain(value: float) -> str:
    said = f"{abs(value):.2f}"
    return f"−{said}" if value < 0 and said != "0.00" else said
