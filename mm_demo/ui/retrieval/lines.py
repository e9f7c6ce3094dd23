"""Texts that people type into one box, one a line."""

from __future__ import annotations

from mm_demo.errors import UserError
from mm_demo.tasks.words import one_line

_LONGEST = 500


def read_lines(text: str | None, most: int) -> list[str]:
    """The lines that hold anything, each once, in their order; none where nothing was typed.

    Raises:
        UserError: there are more than `most` of them, or one is over 500 characters.
    """
    lines = list(dict.fromkeys(line for typed in (text or "").splitlines() if (line := one_line(typed))))
    if len(lines) > most:
        raise UserError(f"These are {len(lines):,} lines: give at most {most:,}.")
    if any(len(line) > _LONGEST for line in lines):
        raise UserError(f"One of the lines has over {_LONGEST} characters: shorten it.")
    return lines
