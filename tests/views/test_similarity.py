from __future__ import annotations

import re

import numpy as np
import pytest

from mm_demo.views.similarity import similarity_table
from mm_demo.views.space import HEIGHT, WIDTH, gap_sentence, space_map


def test_every_cell_holds_its_cosine_and_shows_its_share() -> None:
    cosines, shares = np.array([[0.25, -0.5], [0.125, 0.75]]), np.array([[0.9, 0.1], [0.2, 0.8]])
    html = similarity_table(["<b>", "two"], [("a.png", "data:a"), ('"b"', "data:b")], cosines, shares)
    assert [float(v) for v in re.findall(r'data-cosine="([-\d.]+)"', html)] == cosines.ravel().tolist()
    assert re.findall(r"<b>(\d+) %</b>", html) == ["90", "10", "20", "80"]
    assert "&lt;b&gt;" in html and 'alt="&quot;b&quot;"' in html


def test_points_keep_their_distances_and_stay_in_the_frame() -> None:
    rng = np.random.default_rng(1)
    texts, pictures = rng.normal(size=(4, 2)), rng.normal(size=(5, 2)) + 3
    names = [(f"{i}.png", "data:x") for i in range(5)]
    html = space_map(["a", "b", "<c>", "d"], texts, names, pictures, [0.41, 0.17], 0.8)
    placed = np.array([[float(x), float(y)] for x, y in re.findall(r'<image [^>]*?x="([-\d.]+)" y="([-\d.]+)"', html)])
    assert (placed > 0).all() and (placed < [WIDTH - 30, HEIGHT - 30]).all()

    def distances(points: np.ndarray) -> np.ndarray:
        return np.linalg.norm(points[:, None] - points[None], axis=-1)[np.triu_indices(5, 1)]

    ratios = distances(placed) / distances(pictures)
    assert ratios == pytest.approx(np.full(len(ratios), ratios.mean()), rel=0.01)
    assert "41 % of the variance" in html and "17 % of the variance" in html and "<c>" not in html
    assert "0.80" in gap_sentence(0.8) and "apart" in gap_sentence(0.8) and "near" in gap_sentence(0.1)


def test_one_point_is_drawn_in_the_middle() -> None:
    html = space_map(["a"], np.zeros((1, 2)), [("a.png", "data:x")], np.zeros((1, 2)), [0.0, 0.0], 0.0)
    assert f'x="{WIDTH / 2 - 17:.1f}"' in html and "nan" not in html
