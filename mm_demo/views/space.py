"""A map of the space that texts and pictures share: two dimensions of it as SVG."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import numpy as np

WIDTH, HEIGHT = 760, 460
_MARGIN = 44
_SIDE = 34


def space_map(
    texts: Sequence[str],
    text_points: np.ndarray,
    pictures: Sequence[tuple[str, str]],
    picture_points: np.ndarray,
    explained: Sequence[float],
    gap: float,
) -> str:
    """Pictures as framed thumbnails, texts as numbered diamonds with their legend, the middle of each as a cross.

    Args:
        texts: what the diamonds stand for.
        text_points: (texts, 2).
        pictures: (file name, data URI).
        picture_points: (pictures, 2).
        explained: the share of the variance that each axis shows, 0…1, two of them.
        gap: the distance between the mean text and the mean picture in the whole space, 0…2.
    """
    place = _Placing(np.concatenate([text_points, picture_points]))
    framed = "".join(
        f'<g class="picture"><title>{escape(name)}</title>'
        f'<image href="{source}" x="{x - _SIDE / 2:.1f}" y="{y - _SIDE / 2:.1f}" width="{_SIDE}" height="{_SIDE}"/>'
        f'<rect x="{x - _SIDE / 2:.1f}" y="{y - _SIDE / 2:.1f}" width="{_SIDE}" height="{_SIDE}" rx="3"/></g>'
        for (name, source), (x, y) in zip(pictures, place(picture_points), strict=True)
    )
    numbered = "".join(
        f'<g class="text"><title>{escape(text)}</title><path d="M{x:.1f} {y - 14:.1f}l14 14l-14 14l-14 -14z"/>'
        f'<text x="{x:.1f}" y="{y + 4.5:.1f}">{i}</text></g>'
        for i, (text, (x, y)) in enumerate(zip(texts, place(text_points), strict=True), 1)
    )
    (x1, y1), (x2, y2) = place(np.stack([text_points.mean(axis=0), picture_points.mean(axis=0)]))
    middles = f'<line class="gap" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>'
    legend = "".join(f"<li>{escape(text)}</li>" for text in texts)
    return (
        f'<div class="scroll" tabindex="0" role="region" aria-label="Map of the shared space"><svg '
        f'viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(gap_sentence(gap))}">'
        f'<rect class="frame" x="1" y="1" width="{WIDTH - 2}" height="{HEIGHT - 26}" rx="8"/>'
        f"{framed}{middles}{numbered}"
        f'<text class="axis" x="{WIDTH / 2}" y="{HEIGHT - 6}">first component: {_percent(explained[0])} of the variance'
        "</text>"
        f'<text class="axis" transform="translate(17 {(HEIGHT - 26) / 2}) rotate(-90)">second component: '
        f"{_percent(explained[1])} of the variance</text></svg></div>"
        '<p class="key"><span class="pictures">framed: pictures</span> <span class="texts">diamonds: texts</span> '
        '<span class="between">dashed: from the middle of the texts to that of the pictures</span></p>'
        f'<ol class="legend">{legend}</ol><p class="gap">{escape(gap_sentence(gap))}</p>'
    )


def gap_sentence(gap: float) -> str:
    """The modality gap (Liang et al. 2022) in words."""
    apart = "lies apart from" if gap >= 0.3 else "lies near"
    return (
        f"In the whole space the middle of the texts {apart} the middle of the pictures: they are {gap:.2f} from each "
        "other, on a sphere whose ends are 2 apart. This modality gap does not change the order of the hits: it is the "
        "same for all of them."
    )


class _Placing:
    """From coordinates to places in the drawing: one scale for both axes, so that distances compare."""

    def __init__(self, points: np.ndarray) -> None:
        low, high = points.min(axis=0), points.max(axis=0)
        room = np.array([WIDTH - 2 * _MARGIN, HEIGHT - 26 - 2 * _MARGIN])
        self._scale = float((room / np.maximum(high - low, 1e-9)).min())
        self._middle = (low + high) / 2

    def __call__(self, points: np.ndarray) -> np.ndarray:
        """(n, 2) coordinates → (n, 2) places, y downwards."""
        centre = np.array([WIDTH / 2, (HEIGHT - 26) / 2])
        placed: np.ndarray = centre + (points - self._middle) * self._scale * np.array([1, -1])
        return placed


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"
