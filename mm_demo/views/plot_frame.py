"""The frame that line drawings share: where a point goes, grid lines with their labels, the key of a line."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

QUARTERS = [(share, f"{100 * share:.0f} %") for share in (0.0, 0.25, 0.5, 0.75, 1.0)]
"""Levels of an upright axis in per cent."""


class PlotFrame(NamedTuple):
    """A drawing's size and margins, in units of its view box; places in it are shares 0…1 of what the margins leave."""

    width: int
    height: int
    left: int
    right: int
    top: int
    bottom: int

    def x(self, share: float) -> float:
        return self.left + (self.width - self.left - self.right) * share

    def y(self, share: float) -> float:
        return self.top + (self.height - self.top - self.bottom) * (1 - share)

    def points(self, xs: Iterable[float], ys: Iterable[float]) -> str:
        """The corners of a polyline or polygon."""
        return " ".join(f"{self.x(x):.1f},{self.y(y):.1f}" for x, y in zip(xs, ys, strict=True))

    def axes(self, levels: Sequence[tuple[float, str]], start: str, end: str) -> str:
        """Grid lines at (share, label), and what stands at both ends of the other axis; labels are markup."""
        lines = "".join(
            f'<line class="grid" x1="{self.left}" x2="{self.width - self.right}" '
            f'y1="{self.y(share):.1f}" y2="{self.y(share):.1f}"/>'
            f'<text x="{self.left - 6}" y="{self.y(share) + 4:.1f}" text-anchor="end">{label}</text>'
            for share, label in levels
        )
        return (
            f'{lines}<text x="{self.left}" y="{self.height - 6}">{start}</text>'
            f'<text x="{self.width - self.right}" y="{self.height - 6}" text-anchor="end">{end}</text>'
        )


def legend_key(name: str, colour: str, dashes: str) -> str:
    """A list item with a stroke of the line and its name, which is markup."""
    return (
        f'<li><svg viewBox="0 0 30 8" aria-hidden="true"><line x1="1" x2="29" y1="4" y2="4" stroke="{colour}" '
        f'stroke-width="3" stroke-dasharray="{dashes}"/></svg>{name}</li>'
    )
