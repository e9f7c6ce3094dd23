"""Which ways of taking parts of an input away a task offers, and which one is meant."""

from __future__ import annotations

from collections.abc import Mapping

from mm_demo.errors import UserError
from mm_demo.evidence.probe import Part


def choose_removal(removals: Mapping[Part, tuple[str, ...]], part: Part, name: str) -> str:
    """The way of that name, "default" for the first.

    Raises:
        UserError: the task has no such part, or can't take it away like that.
    """
    if part not in removals:
        raise UserError(f"There is no {part} to take parts of; choose one of: {', '.join(removals)}.")
    if name == "default":
        return removals[part][0]
    if name not in removals[part]:
        raise UserError(f"There is no way '{name}' to remove parts of {part}s; choose: {', '.join(removals[part])}.")
    return name
