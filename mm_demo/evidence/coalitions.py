"""Exact Shapley values of a handful of players, here the modalities of an answer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from math import comb


def coalitions(players: Sequence[str]) -> Iterator[frozenset[str]]:
    """All 2ⁿ subsets of the players, the empty one first."""
    for size in range(len(players) + 1):
        for chosen in combinations(players, size):
            yield frozenset(chosen)


def shapley_values(players: Sequence[str], value: Mapping[frozenset[str], float]) -> dict[str, float]:
    """Each player's mean marginal contribution over all orders of joining (Shapley 1953).

    φᵢ = Σ_{S ∌ i} (v(S ∪ {i}) − v(S)) / (n · C(n−1, |S|)); they sum to v(all) − v(none).

    Args:
        players: their names.
        value: what each coalition of `coalitions(players)` is worth, e.g. the answer's probability where all other
            modalities are absent.
    """
    n = len(players)
    return {
        player: sum(
            (value[without | {player}] - value[without]) / (n * comb(n - 1, len(without)))
            for without in coalitions([other for other in players if other != player])
        )
        for player in players
    }


def shares(values: Mapping[str, float]) -> dict[str, float]:
    """Shapley values as shares, |φᵢ| / Σ|φ|, 0…1 and summing to 1; equal where all are 0."""
    total = sum(abs(value) for value in values.values())
    if total == 0:
        return {name: 1 / len(values) for name in values}
    return {name: abs(value) / total for name, value in values.items()}
