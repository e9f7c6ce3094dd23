"""The fusion strategies as a list to choose from."""

from __future__ import annotations

from mm_demo.fusion import STRATEGIES, FusionStrategy


def families() -> dict[str, list[type[FusionStrategy]]]:
    """Family → its strategies, both in the order in which people should meet them."""
    found: dict[str, list[type[FusionStrategy]]] = {}
    for strategy in STRATEGIES.values():
        found.setdefault(strategy.family, []).append(strategy)
    return found
