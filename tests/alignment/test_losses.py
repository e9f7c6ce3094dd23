"""Both losses against torch's own, against figures worked out by hand, and against brute force."""

from __future__ import annotations

import math

import pytest
import torch
from torch.nn import functional

from mm_demo.alignment.losses import contrastive_loss, triplet_loss


def cosines(rows: int, columns: int, seed: int = 0) -> torch.Tensor:
    return torch.rand(rows, columns, generator=torch.Generator().manual_seed(seed), dtype=torch.float64) * 2 - 1


def square(n: int) -> tuple[torch.Tensor, torch.Tensor]:
    matches = torch.eye(n, dtype=torch.bool)
    return matches, ~matches


def test_with_one_text_a_picture_it_is_clips_cross_entropy() -> None:
    given, labels = cosines(9, 9), torch.arange(9)
    for scale in (1.0, 14.3, 100.0):
        logits = given * scale
        expected = (functional.cross_entropy(logits, labels) + functional.cross_entropy(logits.T, labels)) / 2
        assert contrastive_loss(given, scale, *square(9)).item() == pytest.approx(expected.item())


def test_contrastive_on_two_by_two_by_hand() -> None:
    given = torch.tensor([[0.9, 0.1], [0.3, 0.5]], dtype=torch.float64)
    # −log of each match's share, rows (0.9 | 0.1), (0.5 | 0.3), columns (0.9 | 0.3), (0.5 | 0.1), at scale 2.
    by_hand = [math.log(1 + math.exp(2 * d)) for d in (0.1 - 0.9, 0.3 - 0.5, 0.3 - 0.9, 0.1 - 0.5)]
    assert contrastive_loss(given, 2.0, *square(2)).item() == pytest.approx(sum(by_hand) / 4)


def test_triplet_on_two_by_two_by_hand() -> None:
    given = torch.tensor([[0.9, 0.8], [0.3, 0.5]], dtype=torch.float64)
    # Margin 0.2: of the four triplets, rows 0.2−0.9+0.8 = 0.1 and 0, columns 0 and 0.2−0.5+0.8 = 0.5.
    for hardest in (True, False):
        assert triplet_loss(given, 0.2, *square(2), hardest).item() == pytest.approx((0.1 + 0 + 0 + 0.5) / 4)


@pytest.mark.parametrize("hardest", [True, False])
def test_triplet_is_what_brute_force_over_all_triplets_gives(hardest: bool) -> None:
    given, margin = cosines(5, 7, 3), 0.3
    matches = torch.zeros(5, 7, dtype=torch.bool)
    for picture, text in ((0, 0), (0, 5), (1, 1), (2, 2), (3, 3), (4, 4)):
        matches[picture, text] = True
    negatives = ~matches
    negatives[1, 3] = negatives[2, 6] = negatives[0, 2] = False
    each = []
    for picture, text in matches.nonzero().tolist():
        rivals = [given[picture, t] for t in range(7) if negatives[picture, t]]
        others = [given[p, text] for p in range(5) if negatives[p, text]]
        for found in (rivals, others):
            hinges = [max(0.0, margin - given[picture, text].item() + rival.item()) for rival in found]
            violating = [h for h in hinges if h > 0]
            each.append(max(hinges) if hardest else sum(violating) / max(1, len(violating)))
    expected = sum(each) / len(each)
    assert triplet_loss(given, margin, matches, negatives, hardest).item() == pytest.approx(expected)


def test_pairs_that_are_neither_match_nor_negative_change_nothing() -> None:
    matches, negatives = square(6)
    negatives[0, 1] = negatives[4, 2] = False
    given = cosines(6, 6, 1)
    changed = given.clone()
    changed[0, 1], changed[4, 2] = 1.0, -1.0
    for loss in (
        lambda c: contrastive_loss(c, 20.0, matches, negatives),
        lambda c: triplet_loss(c, 0.2, matches, negatives, True),
        lambda c: triplet_loss(c, 0.2, matches, negatives, False),
    ):
        assert loss(given).item() == loss(changed).item()
        wanted = given.clone().requires_grad_()
        loss(wanted).backward()
        assert wanted.grad is not None and wanted.grad[0, 1] == wanted.grad[4, 2] == 0


def test_a_batch_of_matches_alone_has_nothing_to_push_apart() -> None:
    everything = torch.ones(3, 3, dtype=torch.bool)
    given = cosines(3, 3).requires_grad_()
    assert contrastive_loss(given, 10.0, everything, ~everything).item() == 0
    assert triplet_loss(given, 0.2, everything, ~everything, True).item() == 0
