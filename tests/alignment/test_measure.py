"""Recall, alignment and uniformity against scikit-learn and plain sums."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
import torch
from sklearn.metrics import top_k_accuracy_score
from torch.nn import functional

from mm_demo.alignment.measure import alignment, recall, uniformity


def vectors(n: int, seed: int) -> torch.Tensor:
    return functional.normalize(torch.randn(n, 6, generator=torch.Generator().manual_seed(seed)), dim=1)


def test_recall_is_scikit_learns_top_k_accuracy_in_both_directions() -> None:
    cosines = vectors(40, 0) @ vectors(40, 1).T + 0.3 * torch.eye(40)
    found, own = recall(cosines), np.arange(40)
    for k in (1, 5, 10):
        assert found.picture_to_text[k] == pytest.approx(top_k_accuracy_score(own, cosines.numpy(), k=k))
        assert found.text_to_picture[k] == pytest.approx(top_k_accuracy_score(own, cosines.T.numpy(), k=k))
    assert found.picture_to_text != found.text_to_picture


def test_where_everything_is_alike_nothing_is_found() -> None:
    found = recall(torch.ones(20, 20))
    assert set(found.picture_to_text.values()) | set(found.text_to_picture.values()) == {0.0}


def test_alignment_and_uniformity_are_the_papers_formulas() -> None:
    pictures, texts = vectors(7, 2), vectors(7, 3)
    squares = [sum((a - b) ** 2 for a, b in zip(p, t)) for p, t in zip(pictures.tolist(), texts.tolist())]
    assert alignment(pictures, texts) == pytest.approx(sum(squares) / 7, rel=1e-5)
    potential = [
        math.exp(-2 * sum((a - b) ** 2 for a, b in zip(x, y))) for x, y in itertools.combinations(pictures.tolist(), 2)
    ]
    assert uniformity(pictures) == pytest.approx(math.log(sum(potential) / len(potential)), rel=1e-5)
    assert uniformity(pictures[:1].repeat(4, 1)) == 0
