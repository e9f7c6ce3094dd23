"""Curves against a reference that removes one element after the other, and asks for one variant at a time."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mm_demo.evidence.deletion import Evidence, gather, ranked, removal_counts
from mm_demo.evidence.probe import Probe
from tests.evidence.synthetic import grid_probe


def small_probe(elements: int, seed: int = 0) -> Probe:
    """Any nonlinear scorer."""
    rng = np.random.default_rng(seed)
    first, second = rng.normal(size=(elements, 5)), rng.normal(size=5)
    return Probe(
        "audio",
        "happy",
        "score",
        "silence",
        ("",) * elements,
        None,
        rng.normal(size=elements),
        lambda kept: np.tanh(kept @ first) @ second,
    )


def one_by_one(probe: Probe, order: np.ndarray, counts: np.ndarray) -> np.ndarray:
    kept, scores = np.ones(len(order), dtype=bool), {0: float(probe.score(np.ones((1, len(order)), dtype=bool))[0])}
    for gone, element in enumerate(order, start=1):
        kept[element] = False
        scores[gone] = float(probe.score(kept[None])[0])
    return np.array([scores[count] for count in counts])


@pytest.mark.parametrize("elements, steps, chunk", [(1, 16, 128), (3, 16, 1), (7, 4, 5), (64, 16, 128), (50, 50, 7)])
def test_curves_equal_removal_one_by_one(elements: int, steps: int, chunk: int) -> None:
    probe = small_probe(elements)
    *_, evidence = gather(probe, steps=steps, random_orders=5, seed=3, chunk=chunk)
    counts = np.round(evidence.fractions * elements).astype(int)
    order = ranked(probe.relevance)
    assert np.all(np.diff(probe.relevance[order]) <= 0)
    assert evidence.first == pytest.approx(one_by_one(probe, order, counts))
    assert evidence.last == pytest.approx(one_by_one(probe, order[::-1], counts))
    rng = np.random.default_rng(3)
    for both in evidence.random:
        drawn = rng.permutation(elements)
        assert both[0] == pytest.approx(one_by_one(probe, drawn, counts))
        assert both[1] == pytest.approx(one_by_one(probe, drawn[::-1], counts))


def test_evidence_grows_from_the_maps_own_curves_to_all_orders() -> None:
    grown = list(gather(small_probe(20), random_orders=10))
    sizes = [len(evidence.random) for evidence in grown]
    assert sizes[0] == 0 and sizes[-1] == 10 and sizes == sorted(set(sizes))
    assert [evidence.complete for evidence in grown] == [False] * (len(grown) - 1) + [True]
    assert np.isnan(grown[0].percentile)
    for before, after in zip(grown, grown[1:]):
        assert np.array_equal(after.random[: len(before.random)], before.random)


@pytest.mark.parametrize("elements", [1, 2, 3, 5, 10, 16, 49, 64, 197])
def test_steps_are_never_more_than_elements_and_a_fifth_is_one(elements: int) -> None:
    counts = removal_counts(elements, 16)
    assert len(counts) == min(16, elements) + 1 and counts[0] == 0 and counts[-1] == elements
    assert np.all(np.diff(counts) > 0)
    fifth = max(1, round(0.2 * elements))
    assert fifth in counts and elements - fifth in counts


def test_no_set_is_asked_twice_and_none_beyond_the_chunk() -> None:
    asked: list[bytes] = []
    batches: list[int] = []
    probe = small_probe(6)

    def score(kept: np.ndarray) -> np.ndarray:
        batches.append(len(kept))
        asked.extend(row.tobytes() for row in kept)
        return probe.score(kept)

    list(gather(replace(probe, score=score), random_orders=20, chunk=9))
    assert len(asked) == len(set(asked)) <= 2**6 and max(batches) <= 9


def test_gain_is_the_area_between_and_turns_its_sign_with_the_order() -> None:
    probe = small_probe(30)
    *_, straight = gather(probe)
    *_, turned = gather(replace(probe, relevance=-probe.relevance))
    widths = np.diff(straight.fractions)
    heights = straight.last - straight.first
    assert straight.srg == pytest.approx(float(np.sum(widths * (heights[1:] + heights[:-1]) / 2)))
    assert turned.srg == pytest.approx(-straight.srg)
    below = sum(gain < straight.srg for gain in straight.random_srgs) / len(straight.random)
    assert straight.percentile == below


def test_the_same_seed_gives_the_same_and_another_gives_others() -> None:
    probe = grid_probe(np.random.default_rng(1), "sum")

    def last(seed: int) -> Evidence:
        return list(gather(probe, seed=seed))[-1]

    assert np.array_equal(last(1).random, last(1).random) and not np.array_equal(last(1).random, last(2).random)


def test_a_flat_map_does_not_begin_in_a_corner() -> None:
    order = ranked(np.zeros(64))
    assert sorted(order) == list(range(64)) and abs(np.corrcoef(order, np.arange(64))[0, 1]) < 0.3
