"""Shapley values against all orders of joining, and against the two-player formula."""

from __future__ import annotations

import random
from itertools import permutations

import pytest

from mm_demo.evidence.coalitions import coalitions, shapley_values, shares


@pytest.mark.parametrize("n", [1, 2, 3, 4, 5])
def test_values_are_the_mean_over_all_orders(n: int) -> None:
    players = [f"p{i}" for i in range(n)]
    rng = random.Random(n)
    worth = {coalition: rng.gauss(0, 1) for coalition in coalitions(players)}
    assert len(worth) == 2**n
    gained = dict.fromkeys(players, 0.0)
    orders = list(permutations(players))
    for order in orders:
        for i, player in enumerate(order):
            gained[player] += worth[frozenset(order[: i + 1])] - worth[frozenset(order[:i])]
    found = shapley_values(players, worth)
    assert found == pytest.approx({player: total / len(orders) for player, total in gained.items()})
    assert sum(found.values()) == pytest.approx(worth[frozenset(players)] - worth[frozenset()])


def test_two_modalities_by_hand() -> None:
    worth = {
        frozenset(): 0.3,
        frozenset({"audio"}): 0.5,
        frozenset({"text"}): 0.4,
        frozenset({"audio", "text"}): 0.9,
    }
    found = shapley_values(["audio", "text"], worth)
    assert found == pytest.approx({"audio": 0.35, "text": 0.25})
    assert shares(found) == pytest.approx({"audio": 0.35 / 0.6, "text": 0.25 / 0.6})


def test_shares_count_size_not_direction_and_are_equal_where_nothing_counts() -> None:
    assert shares({"audio": -0.3, "text": 0.1}) == pytest.approx({"audio": 0.75, "text": 0.25})
    assert shares({"audio": 0.0, "text": 0.0}) == {"audio": 0.5, "text": 0.5}
