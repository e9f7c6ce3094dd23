"""Modalities break as said, and the curves say what is left."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from mm_demo.lab.corruptions import CORRUPTIONS
from mm_demo.lab.data.dataset import Modalities, ModalityData
from mm_demo.lab.robustness import Curve, relative_to, robustness


def sequence(count: int = 400) -> ModalityData:
    generator = torch.Generator().manual_seed(0)
    mask = torch.ones(count, 6, dtype=torch.bool)
    mask[:, 4:] = False
    return ModalityData(torch.randn(count, 6, 3, generator=generator) * 2 + 5, mask)


def broken(kind: str, level: float, seed: int = 0) -> ModalityData:
    return CORRUPTIONS[kind](sequence(), level, torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("kind", list(CORRUPTIONS))
def test_level_0_changes_nothing_and_a_seed_always_breaks_the_same(kind: str) -> None:
    assert torch.equal(broken(kind, 0.0).states, sequence().states)
    assert torch.equal(broken(kind, 0.0).mask, sequence().mask)
    for level in (0.5, 1.0):
        a, b = broken(kind, level, 3), broken(kind, level, 3)
        assert torch.equal(a.states, b.states) and torch.equal(a.mask, b.mask)


@pytest.mark.parametrize("kind", list(CORRUPTIONS))
def test_padding_stays_padding(kind: str) -> None:
    assert not broken(kind, 0.5).mask[:, 4:].any()


@pytest.mark.parametrize("level", [0.25, 0.5, 1.0])
def test_the_share_that_is_lost(level: float) -> None:
    assert (~broken("missing", level).mask.any(1)).float().mean() == pytest.approx(level, abs=0.07)
    assert (broken("features zeroed", level).states == 0).float().mean() == pytest.approx(level, abs=0.05)
    kept = broken("steps dropped", level).mask[:, :4].float().mean()
    assert 1 - kept == pytest.approx(level, abs=0.05)


def test_noise_has_the_features_own_mean_and_spread_and_replaces_them() -> None:
    whole, noise = sequence().states[:, :4], broken("Gaussian noise", 1.0, seed=1).states[:, :4]
    assert noise.mean() == pytest.approx(5, abs=0.1) and noise.std() == pytest.approx(2, abs=0.1)
    assert abs(torch.corrcoef(torch.stack([whole.flatten(), noise.flatten()]))[0, 1]) < 0.05


@pytest.mark.parametrize("level", [0.25, 0.5, 1.0])
def test_a_swap_permutes_and_overwrites_nothing(level: float) -> None:
    before, after = sequence().states.flatten(1), broken("samples swapped", level).states.flatten(1)
    assert torch.equal(before.sort(0).values, after.sort(0).values), "everything is still there"
    rows = {tuple(row): i for i, row in enumerate(before.tolist())}
    source = [rows[tuple(row)] for row in after.tolist()]
    assert sorted(source) == list(range(len(before)))
    assert sum(i != s for i, s in enumerate(source)) == round(level * len(before)), "none of those drawn keeps its own"


def test_curves_and_areas_by_hand() -> None:
    labels = torch.ones(400, dtype=torch.long)

    def answers(given: Modalities) -> Tensor:
        """Right exactly where the sequence is there."""
        return given["speech"].mask.any(1).long()[None]

    modalities = {"speech": sequence(), "image": ModalityData.of_vectors(torch.ones(400, 2))}
    curves = {(c.modality, c.corruption): c for c in robustness(answers, modalities, labels)}
    assert set(curves) == {("speech", kind) for kind in CORRUPTIONS} | {
        ("image", kind) for kind in CORRUPTIONS if kind != "steps dropped"
    }
    missing = curves["speech", "missing"]
    assert missing.accuracies == pytest.approx((1, 0.75, 0.5, 0.25, 0), abs=0.07) and missing.area == pytest.approx(
        0.5, abs=0.05
    )
    assert curves["image", "missing"].accuracies == (1,) * 5 and curves["image", "missing"].area == 1


def test_areas_relative_to_late_fusion() -> None:
    mine = [Curve("a", "missing", (0.0, 1.0), (1.0, 0.6))]
    late = [Curve("b", "missing", (0.0, 1.0), (0.1, 0.1)), Curve("a", "missing", (0.0, 1.0), (0.8, 0.6))]
    assert relative_to(mine, late)[0].relative == pytest.approx(0.1)
    assert relative_to(mine, None)[0].relative is None
