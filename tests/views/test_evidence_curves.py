"""The drawing of the evidence: curves and band lie where the scores are, and all of it stands there in words."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import numpy as np
import pytest

from mm_demo.views.evidence_curves import deletion_curves

FRACTIONS = np.array([0, 0.2, 0.5, 1])
FIRST, LAST = np.array([0.9, 0.1, 0.1, 0.0]), np.array([0.9, 0.9, 0.8, 0.0])
RANDOM = np.array([[[0.9, 0.7, 0.4, 0.0], [0.9, 0.5, 0.2, 0.0]]])
NONE = np.empty((0, 2, 4))


def corners(tag: str, html: str) -> list[np.ndarray]:
    found = re.findall(rf'<{tag}[^>]* points="([^"]+)"', html) + re.findall(rf'<{tag} points="([^"]+)"', html)
    return [np.array([pair.split(",") for pair in points.split()], dtype=float) for points in dict.fromkeys(found)]


def test_curves_lie_where_their_scores_are() -> None:
    html = deletion_curves(FRACTIONS, FIRST, LAST, RANDOM, "red", "probability")
    mean, last, first = corners("polyline", html)
    (band,) = corners("polygon", html)
    bottom, top = first[3, 1], first[0, 1]
    for drawn, scores in ((first, FIRST), (last, LAST), (mean, RANDOM.mean((0, 1)))):
        assert (bottom - drawn[:, 1]) / (bottom - top) == pytest.approx(scores / 0.9, abs=0.002)
        assert (drawn[:, 0] - drawn[0, 0]) / np.ptp(drawn[:, 0]) == pytest.approx(FRACTIONS, abs=0.002)
    above = (bottom - band[:4, 1]) / (bottom - top) * 0.9
    assert above == pytest.approx([0.9, 0.7, 0.4, 0.0], abs=0.002)


def test_it_says_in_words_what_it_shows_and_escapes_the_answer() -> None:
    html = deletion_curves(FRACTIONS, FIRST, LAST, RANDOM, '<img src="x">', "probability")
    label = ElementTree.fromstring(html).find("svg").get("aria-label")  # type: ignore[union-attr]
    assert label is not None and label.startswith('probability of “<img src="x">”, 0.90 with nothing removed')
    assert "most relevant first: 0.10, 0.10, 0.00" in label and "least relevant first: 0.90, 0.80, 0.00" in label
    assert "mean ± spread: 0.60, 0.30, 0.00" in label and "<img" not in html


def test_the_maps_own_curves_stand_alone_until_random_ones_come() -> None:
    html = deletion_curves(FRACTIONS, FIRST, LAST, NONE, "red", "probability")
    assert len(corners("polyline", html)) == 2 and "polygon" not in html and "random" not in html


def test_scores_of_any_range_fill_the_frame_even_without_one() -> None:
    html = deletion_curves(FRACTIONS, FIRST - 3, LAST - 3, NONE, "match", "score")
    assert ">−3.00<" in html and ">−2.10<" in html
    flat = np.ones(4)
    (line,) = corners("polyline", deletion_curves(FRACTIONS, flat, flat, NONE, "match", "score"))
    assert np.isfinite(line).all() and np.ptp(line[:, 1]) == 0
