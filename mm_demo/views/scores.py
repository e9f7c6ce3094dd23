"""Cosines as bars and as a histogram: plain HTML and SVG, everything that came from outside escaped."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import numpy as np

from mm_demo.views.words import shortened

_BINS = 40
_WIDTH, _HEIGHT = 400, 60


def score_bars(candidates: Sequence[tuple[str, float]], label: str) -> str:
    """A list of (text, cosine −1…1), best first, as one bar each: its length is the cosine, none below 0."""
    rows = "".join(
        f'<li><span class="name">{escape(text)}</span><span class="figure">{plain(score)}</span>'
        f'<span class="track" aria-hidden="true"><span style="width:{100 * min(1.0, max(0.0, score)):.1f}%"></span>'
        "</span></li>"
        for text, score in candidates
    )
    return f'<ol class="score-bars" aria-label="{escape(label)}">{rows}</ol>'


def contribution_bars(words: Sequence[tuple[str, float]], score: float, average: float, rest: str) -> str:
    """What each word adds to how far a cosine stands above the average, as bars right of a middle line, or left.

    Args:
        words: (word, its part of the difference), in reading order; the largest are shown first.
        score: the cosine.
        average: the mean cosine of the gallery.
        rest: what the words do not account for comes from; shown last, so that all bars sum to the difference.
    """
    left = score - average - sum(part for _, part in words)
    largest = max(abs(part) for part in (left, *(part for _, part in words))) or 1.0
    ordered = [(shortened(word), part, _side(part)) for word, part in sorted(words, key=lambda entry: -entry[1])]
    rows = "".join(
        f'<li><span class="name">{escape(name)}</span><span class="track" aria-hidden="true">'
        f'<span class="{side}" style="width:{50 * abs(part) / largest:.1f}%"></span></span>'
        f'<span class="figure">{_signed(part)}</span></li>'
        for name, part, side in [*ordered, (rest, left, f"rest {_side(left)}")]
    )
    return (
        f'<div class="contributions"><p>What lifts the score of {plain(score)} above the gallery’s mean of '
        f"{plain(average)}</p>"
        f'<ol aria-label="Words by what they add to the score above the mean">{rows}</ol></div>'
    )


def score_histogram(scores: np.ndarray, hits: np.ndarray) -> str:
    """How far the hits stand out: a histogram of a gallery's scores, the hits marked, the mean as a line.

    Args:
        scores: (pictures,) cosines of all pictures.
        hits: (hits,) cosines of those that are shown, best first, at least one.
    """
    low, high = min(float(scores.min()), float(hits.min())), max(float(scores.max()), float(hits.max()))
    if high - low < 1e-6:
        return f'<p class="heard">{escape(standing_out(scores, hits))}</p>'
    counts, _ = np.histogram(scores, bins=_BINS, range=(low, high))
    step = _WIDTH / _BINS
    bars = "".join(
        f'<rect x="{i * step:.1f}" y="{_HEIGHT * (1 - n / counts.max()):.1f}" width="{step - 1:.1f}" '
        f'height="{_HEIGHT * n / counts.max():.1f}"/>'
        for i, n in enumerate(counts)
        if n
    )
    ticks = "".join(
        f'<line class="hit" x1="{x:.1f}" x2="{x:.1f}" y1="{_HEIGHT + 2}" y2="{_HEIGHT + 12}"/>'
        for x in (hits - low) / (high - low) * _WIDTH
    )
    mean = (float(scores.mean()) - low) / (high - low) * _WIDTH
    said = escape(standing_out(scores, hits))
    return (
        f'<figure class="standing-out"><svg viewBox="0 0 {_WIDTH} {_HEIGHT + 12}" preserveAspectRatio="none" '
        f'role="img" aria-label="Histogram of the scores of all pictures. {said}">{bars}'
        f'<line class="mean" x1="{mean:.1f}" x2="{mean:.1f}" y1="0" y2="{_HEIGHT + 2}"/>{ticks}</svg>'
        f'<p class="ends"><span>{plain(low)}</span><span>{plain(high)}</span></p><figcaption>{said}</figcaption>'
        "</figure>"
    )


def standing_out(scores: np.ndarray, hits: np.ndarray) -> str:
    """The sentence that places the best hit among all scores of a gallery."""
    mean, spread = float(scores.mean()), float(scores.std())
    sentence = f"The mean score of {len(scores):,} pictures is {plain(mean)}"
    if spread < 1e-6:
        return f"{sentence}, and all are alike: this query tells none of them from the others."
    best = float(hits[0])
    above = f"{(best - mean) / spread:.1f} spreads above it"
    return f"{sentence}, their spread {plain(spread)}; the best hit, {plain(best)}, lies {above}."


def _signed(value: float) -> str:
    return f"{'+' if value >= 0 else '−'}{abs(value):.3f}"


def plain(value: float) -> str:
    """A cosine as people read it: "0.230", "−0.072"."""
    return f"{'−' if value < 0 else ''}{abs(value):.3f}"


def _side(part: float) -> str:
    return "for" if part >= 0 else "against"
