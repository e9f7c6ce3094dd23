"""How many lines in one drawing are told apart."""

from __future__ import annotations

COLOURS = ("#0072b2", "#e69f00", "#009e73", "#d55e00", "#cc79a7", "#56b4e9", "#8c6d31", "#777777")
"""Okabe and Ito's, told apart by people with any colour vision; with more lines than colours the dashes change."""
DASHES = ("", "7 4", "2 3", "9 3 2 3")
"""As SVG has them: solid, dashed, dotted, dashed and dotted."""


def line_style(place: int) -> tuple[str, str]:
    """Colour and SVG dashes of the line at this place, 0 for the first."""
    return COLOURS[place % len(COLOURS)], DASHES[place // len(COLOURS) % len(DASHES)]
