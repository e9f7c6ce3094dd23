"""Sampled and exact Shapley values of elements against all coalitions, and MM-SHAP's shares by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mm_demo.evidence import elements as module
from mm_demo.evidence.coalitions import coalitions, shapley_values
from mm_demo.evidence.elements import ElementValues, element_values, mm_shares
from mm_demo.evidence.probe import Probe


def small_probe(elements: int) -> Probe:
    """Pairs interact, and three elements only together."""
    rng = np.random.default_rng(elements)
    pairs = rng.normal(size=(elements, elements)) / elements

    def score(kept: np.ndarray) -> np.ndarray:
        return np.einsum("ni,ij,nj->n", kept, pairs, kept) + kept[:, :3].all(1)

    return Probe("text", "yes", "score", "mask", ("w",) * elements, None, np.zeros(elements), score)


def brute_force(probe: Probe) -> np.ndarray:
    names = [str(i) for i in range(len(probe.relevance))]
    worth = {
        chosen: float(probe.score(np.array([[name in chosen for name in names]]))[0]) for chosen in coalitions(names)
    }
    return np.array(list(shapley_values(names, worth).values()))


def last(probe: Probe, **settings: float) -> ElementValues:
    *_, found = element_values(probe, **settings)  # type: ignore[arg-type]
    return found


@pytest.mark.parametrize("elements", [1, 3, 5, 8])
def test_few_elements_are_exact(elements: int) -> None:
    probe = small_probe(elements)
    found = last(probe)
    assert found.values == pytest.approx(brute_force(probe)) and not found.errors.any() and found.complete


@pytest.mark.parametrize("elements", [4, 8])
def test_sampling_comes_to_the_same_within_its_error(monkeypatch: pytest.MonkeyPatch, elements: int) -> None:
    monkeypatch.setattr(module, "EXACT", 0)
    probe = small_probe(elements)
    found = last(probe, tolerance=0.006, budget=40_000)
    off = np.abs(found.values - brute_force(probe))
    assert 0 < found.errors.max() <= 0.006 and np.all(off <= 4 * found.errors + 1e-9)
    assert found.values.sum() == pytest.approx(
        float(np.diff(probe.score(np.array([[False] * elements, [True] * elements])))[0])
    )


def test_the_error_is_the_spread_of_what_is_found() -> None:
    probe = small_probe(10)
    many = [last(probe, tolerance=0, budget=400, seed=seed) for seed in range(80)]
    spread = np.std([found.values for found in many], axis=0, ddof=1)
    stated = np.sqrt(np.mean([found.errors**2 for found in many], axis=0))
    assert spread == pytest.approx(stated, rel=0.35)


def test_it_streams_and_stops_at_the_tolerance_or_at_the_budget() -> None:
    probe = small_probe(20)
    seen = list(element_values(probe, tolerance=0, budget=1000))
    pairs = [found.pairs for found in seen]
    assert len(seen) > 2 and pairs == sorted(set(pairs)) and pairs[-1] == 1000 // 40
    assert [found.complete for found in seen] == [False] * (len(seen) - 1) + [True]
    assert last(probe, tolerance=0.05, budget=100_000).pairs < last(probe, tolerance=0.02, budget=100_000).pairs


def test_an_order_and_its_reverse_leave_no_error_where_only_pairs_interact() -> None:
    probe = small_probe(20)
    pairs = replace(probe, score=lambda kept: probe.score(kept) - kept[:, :3].all(1))
    found = last(pairs, tolerance=1e-9)
    assert module.FEWEST_PAIRS <= found.pairs < module.FEWEST_PAIRS + 4


def test_the_budget_holds_and_the_seed_decides() -> None:
    asked: list[int] = []
    probe = small_probe(20)

    def score(kept: np.ndarray) -> np.ndarray:
        asked.append(len(kept))
        return probe.score(kept)

    watched = replace(probe, score=score)
    one = last(watched, tolerance=0, budget=500)
    assert sum(asked) <= 500 and max(asked) <= 128
    assert np.array_equal(one.values, last(probe, tolerance=0, budget=500).values)
    assert not np.array_equal(one.values, last(probe, tolerance=0, budget=500, seed=1).values)


def test_shares_of_parts_by_hand() -> None:
    found = mm_shares({"text": np.array([0.3, -0.1]), "image": np.array([0.05, 0.05, -0.1])})
    assert found == pytest.approx({"text": 0.4 / 0.6, "image": 0.2 / 0.6})
    assert mm_shares({"text": np.zeros(2), "image": np.zeros(3)}) == {"text": 0.5, "image": 0.5}
