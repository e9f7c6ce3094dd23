"""Every measure against brute force, a textbook, or another library."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
import torch
from scipy import optimize, stats
from torch import Tensor

from mm_demo.lab.data.dataset import Modalities, ModalityData
from mm_demo.lab.metrics.decomposition import _information as mutual_information
from mm_demo.lab.metrics.decomposition import decompose, least_informative
from mm_demo.lab.metrics.emap import emap
from mm_demo.lab.metrics.estimates import Estimate
from mm_demo.lab.metrics.scores import scores
from mm_demo.lab.metrics.shares import shapley_shares, without
from mm_demo.lab.metrics.significance import mcnemar, p_values


def table(label: object, bits: int = 2) -> np.ndarray:
    """P(label, first, second) of a function of two independent uniform values."""
    found = np.zeros((4, bits, bits))
    for first, second in product(range(bits), repeat=2):
        found[label(first, second), first, second] = 1 / bits**2  # type: ignore[operator]
    return found


@pytest.mark.parametrize(
    ("joint", "expected"),
    [
        (table(lambda a, b: a ^ b), (0, 0, 0, 1)),
        (table(lambda a, b: a & b), (0.311, 0, 0, 0.5)),
        (table(lambda a, b: a), (0, 1, 0, 0)),
        (table(lambda a, b: 2 * a + b), (0, 1, 1, 0)),
        (np.eye(2)[:, :, None] * np.eye(2)[:, None], (1, 0, 0, 0)),
        (table(lambda a, b: (a // 2) ^ (b // 2), bits=4), (0, 0, 0, 1)),
        (np.full((2, 2, 2), 1), (0, 0, 0, 0)),
    ],
    ids=["xor", "and", "unique", "copy", "redundant", "xor in one of two bits", "nothing"],
)
def test_textbook_decompositions(joint: np.ndarray, expected: tuple[float, ...]) -> None:
    assert decompose(joint) == pytest.approx(expected, abs=2e-3)


def entropy(p: np.ndarray) -> float:
    return float(stats.entropy(p.ravel(), base=2))


@pytest.mark.parametrize("seed", range(3))
def test_the_minimum_is_that_of_a_general_optimiser(seed: int) -> None:
    joint = np.random.default_rng(seed).dirichlet(np.ones(12)).reshape(2, 2, 3)

    def information(q: np.ndarray) -> float:
        return entropy(q.sum((1, 2))) + entropy(q.sum(0)) - entropy(q)

    def moved(steps: np.ndarray) -> float:
        """Along all directions that keep the marginals: what one corner of a rectangle gains, its neighbours lose."""
        q = joint.copy()
        for (label, column), step in zip(product(range(2), (1, 2)), steps):
            q[label, 0, 0] += step
            q[label, 1, column] += step
            q[label, 0, column] -= step
            q[label, 1, 0] -= step
        return information(q) if q.min() >= 0 else np.inf

    options = {
        "xatol": 1e-7,
        "fatol": 1e-9,
        "maxiter": 4_000,
        "initial_simplex": np.vstack([np.zeros(4), np.eye(4) * 1e-2]),
    }
    found = optimize.minimize(moved, np.zeros(4), method="Nelder-Mead", options=options)
    ours = least_informative(joint)
    for axis in (1, 2):
        np.testing.assert_allclose(ours.sum(axis), joint.sum(axis), atol=1e-6)
    assert information(ours) == pytest.approx(found.fun, abs=1e-3)


def test_the_parts_sum_to_the_whole_information() -> None:
    joint = np.random.default_rng(5).dirichlet(np.ones(24)).reshape(2, 3, 4)
    whole = entropy(joint.sum((1, 2))) + entropy(joint.sum(0)) - entropy(joint)
    assert sum(decompose(joint)) == pytest.approx(whole, abs=1e-6)


def vectors(count: int, names: tuple[str, ...]) -> Modalities:
    generator = torch.Generator().manual_seed(0)
    return {name: ModalityData.of_vectors(torch.randn(count, 2, generator=generator)) for name in names}


def interacting(given: Modalities) -> Tensor:
    """Logits (2 members, examples, 2 classes) with sums and products."""
    first, second = (modality.states[:, 0] for modality in list(given.values())[:2])
    logits = torch.stack([first[:, 0] + 2 * second[:, 1], first[:, 0] * second[:, 0]], dim=1)
    return torch.stack([logits, 3 * logits + 1])


def test_emap_is_the_brute_force_projection() -> None:
    modalities = vectors(6, ("a", "b"))
    f = torch.empty(2, 6, 6, 2)
    for i, j in product(range(6), repeat=2):
        pair = {"a": modalities["a"][torch.tensor([i])], "b": modalities["b"][torch.tensor([j])]}
        f[:, i, j] = interacting(pair)[:, 0]
    expected = torch.stack([f[:, i].mean(1) + f[:, :, i].mean(1) - f.mean((1, 2)) for i in range(6)], dim=1)
    torch.testing.assert_close(emap(interacting, modalities), expected)


@pytest.mark.parametrize("names", [("a", "b"), ("a", "b", "c")])
def test_emap_leaves_an_additive_function_as_it_is(names: tuple[str, ...]) -> None:
    def additive(given: Modalities) -> Tensor:
        return sum(torch.sin(modality.states[:, 0]) * (i + 1) for i, modality in enumerate(given.values()))[None]  # type: ignore[index, return-value]

    modalities = vectors(7, names)
    torch.testing.assert_close(emap(additive, modalities), additive(modalities))


def test_emap_takes_a_product_away() -> None:
    modalities = vectors(60, ("a", "b"))
    kept = emap(interacting, modalities)[0]
    whole = interacting(modalities)[0]
    assert torch.corrcoef(torch.stack([kept[:, 0], whole[:, 0]]))[0, 1] > 0.99
    assert kept[:, 1].std() < 0.5 * whole[:, 1].std()


def test_the_interval_is_students() -> None:
    values = [0.9, 0.92, 0.95, 0.91]
    low, high = stats.t.interval(0.95, 3, loc=np.mean(values), scale=stats.sem(values))
    assert Estimate.of(values).ci95 == pytest.approx((low, high))
    assert Estimate.of([0.5]).ci95 is None


def test_scores_by_hand() -> None:
    labels = np.array([0, 0, 0, 1])
    found = scores(np.array([[0, 0, 1, 1], [0, 0, 0, 0]]), labels)
    assert found.accuracy.values == (0.75, 0.75)
    assert found.macro_recall.values == pytest.approx(((2 / 3 + 1) / 2, 0.5))
    assert found.macro_f1.values == pytest.approx(((0.8 + 2 / 3) / 2, (6 / 7) / 2))


def test_mcnemar_is_a_coin_that_is_tossed_where_they_differ() -> None:
    first, second = np.array([True] * 9 + [False] + [True] * 5), np.array([False] * 9 + [True] + [True] * 5)
    assert mcnemar(first, second) == pytest.approx(2 * (10 + 1) / 2**10)
    assert mcnemar(first, first) == 1.0


def test_only_a_difference_that_outlasts_seeds_and_examples_is_significant() -> None:
    random = np.random.default_rng(0)
    right = {
        "good": random.random((5, 2_000)) < 0.95,
        "bad": random.random((5, 2_000)) < 0.7,
        "moody": np.repeat([[True], [True], [True], [False], [False]], 2_000, axis=1),
        "good too": random.random((5, 2_000)) < 0.95,
    }
    p = p_values(right)
    assert len(p) == 6
    assert p["good", "bad"] < 0.01
    assert p["good", "moody"] > 0.05, "half of its seeds fail, so another five could do without"
    assert p["good", "good too"] > 0.05
    assert p_values({"alone": right["good"]}) == {}


def test_with_one_seed_only_the_examples_count() -> None:
    random = np.random.default_rng(0)
    p = p_values({"good": random.random((1, 500)) < 0.95, "bad": random.random((1, 500)) < 0.6})
    assert p["good", "bad"] < 0.01


def test_shapley_shares_of_a_sum_and_of_one_that_is_not_looked_at() -> None:
    modalities = vectors(5, ("a", "b", "unused"))

    def logits(given: Modalities) -> Tensor:
        a, b = (given[name].states[:, 0, 0] * given[name].mask[:, 0] for name in ("a", "b"))
        return torch.stack([a + b, torch.zeros_like(a)], dim=1)[None]

    found = shapley_shares(logits, modalities)
    assert found["unused"] == pytest.approx(0, abs=1e-6) and sum(found.values()) == pytest.approx(1)
    same = shapley_shares(logits, {**modalities, "b": modalities["a"]})
    assert same["a"] == pytest.approx(0.5) and same["b"] == pytest.approx(0.5)


def test_without_masks_all_of_it() -> None:
    found = without(vectors(3, ("a", "b")), {"b"})
    assert found["a"].mask.all() and not found["b"].mask.any()


def test_a_probability_whose_products_vanish_says_nothing_rather_than_endless_bits() -> None:
    assert mutual_information(np.array([[1.0, 0.0], [0.0, 1e-200]])) == pytest.approx(0, abs=1e-9)
