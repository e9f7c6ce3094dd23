"""Training on a small part of the world: it learns, and the seed alone decides how."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
import torch

from mm_demo.alignment import Progress, Settings, batches, train, world
from mm_demo.errors import UserError


@pytest.fixture(scope="module", autouse=True)
def _small() -> Iterator[None]:
    """A tenth of the world, so that drawing it takes no time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(world, "TRAINING", 150)
        patch.setattr(world, "HELD_OUT", 20)
        for cached in (world.held_out, batches._tensors):
            cached.cache_clear()
        yield
    for cached in (world.held_out, batches._tensors):
        cached.cache_clear()


def same(first: list[Progress], second: list[Progress]) -> bool:
    return all(
        replace(a, similarities=b.similarities) == b and np.array_equal(a.similarities, b.similarities)
        for a, b in zip(first, second, strict=True)
    )


QUICK = {"batch": 16, "steps": 6}


def test_reports_come_before_the_first_step_every_few_and_after_the_last() -> None:
    reports = list(train(Settings(**QUICK)))
    assert [report.step for report in reports] == [0, 5, 6] and reports[0].loss is None
    assert reports[-1].similarities.shape == (12, 12) and np.abs(reports[-1].similarities).max() <= 1 + 1e-6
    assert reports[0].temperature == pytest.approx(0.07) and reports[-1].temperature != reports[0].temperature
    fixed = list(train(Settings(**QUICK, learnt=False, temperature=0.2)))
    assert fixed[-1].temperature == fixed[0].temperature == pytest.approx(0.2)
    assert list(train(Settings("triplet", **QUICK)))[-1].temperature is None


@pytest.mark.parametrize("negatives", ["violating", "hardest", "random"])
def test_the_seed_alone_decides_whatever_ran_before_or_runs_beside(negatives: str) -> None:
    settings = Settings("triplet", negatives=negatives, **QUICK)  # type: ignore[arg-type]
    alone = list(train(settings))
    torch.manual_seed(99)
    torch.rand(7)
    between: list[Progress] = []
    for report, _ in zip(train(settings), train(Settings(seed=8, **QUICK)), strict=True):
        between.append(report)
    beside: list[list[Progress]] = [[], []]
    threads = [threading.Thread(target=lambda into=into: into.extend(train(settings))) for into in beside]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert same(alone, between) and same(alone, beside[0]) and same(alone, beside[1])
    assert not same(alone[1:], list(train(replace(settings, seed=1)))[1:])


def test_both_losses_begin_alike() -> None:
    first = [next(train(Settings(loss, **QUICK))) for loss in ("contrastive", "triplet")]  # type: ignore[arg-type]
    assert np.array_equal(first[0].similarities, first[1].similarities)


@pytest.mark.parametrize("loss", ["contrastive", "triplet"])
def test_it_learns(loss: str) -> None:
    reports = list(train(Settings(loss, batch=32, steps=40)))  # type: ignore[arg-type]
    assert reports[-1].loss is not None and reports[1].loss is not None
    assert reports[-1].loss < 0.8 * reports[1].loss
    found = reports[-1].recall
    assert found.text_to_picture[5] + found.picture_to_text[5] > 2 * (5 / 20 + 0.15)


def test_what_is_out_of_range_is_one_sentence() -> None:
    for wrong in (
        {"loss": "hinge"}, {"negatives": "all"}, {"temperature": 0.0}, {"margin": 3.0}, {"batch": 4}, {"steps": 0},
        {"seed": -1}, {"seed": None}, {"temperature": float("nan")},
    ):  # fmt: skip
        with pytest.raises(UserError) as caught:
            Settings(**wrong)  # type: ignore[arg-type]
        assert str(caught.value).endswith(".") and "\n" not in str(caught.value)
