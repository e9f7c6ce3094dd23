"""A comparison of fusion strategies asked for by a program: on generated data or on a file it sent."""

from __future__ import annotations

from typing import Any

from mm_demo.errors import UserError

PRESETS = ("redundancy", "unique", "additive", "synergy", "sequence")
"""Data that the server makes itself; a path is never taken from outside."""
MOST_SEEDS = 10
FUSIONS_AT_ONCE = 2
"""How many programs' comparisons run at the same time; more wait their turn."""


def fusion(data: str, file: str | None, strategies: str, seeds: float) -> dict[str, Any]:
    """What the command line's JSON object says.

    Args:
        data: one of `PRESETS`; not looked at where a file is given.
        file: an .npz that the caller sent.
        strategies: names with commas between; empty for all.
        seeds: models of each strategy, 1…10.

    Raises:
        UserError: something of this isn't known, or something is wrong with the file.
    """
    if not (seeds == int(seeds) and 1 <= seeds <= MOST_SEEDS):
        raise UserError(f"There can't be {seeds:g} seeds: ask for 1 to {MOST_SEEDS}.")
    if file is None and data not in PRESETS:
        raise UserError(f"There is no data “{data}”: give {', '.join(PRESETS)}, or send an .npz of your own.")
    from mm_demo.lab import compare

    chosen = [name.strip() for name in strategies.split(",") if name.strip()]
    return compare(data if file is None else file, chosen or None, int(seeds)).to_json()
