"""The ways in which a part of an input can be taken away."""

from __future__ import annotations

from collections.abc import Mapping

from mm_demo.errors import UserError
from mm_demo.evidence.probe import Part


def check_removal(offered: Mapping[Part, tuple[str, ...]], part: Part, removal: str) -> str:
    """The name of a way to remove, the first offered where it is "default".

    Raises:
        UserError: there is no such part, or no such way of removing it.
    """
    if part not in offered:
        raise UserError(f"There is no {part} to take anything away from; choose one of: {', '.join(offered)}.")
    if removal == "default":
        return offered[part][0]
    if removal not in offered[part]:
        raise UserError(f"There is no way '{removal}' of removing; choose one of: {', '.join(offered[part])}.")
    return removal
