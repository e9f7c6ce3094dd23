"""Fusion strategies as they learn: one line each, as inline SVG; everything that came from outside escaped."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from html import escape

from mm_demo.views.line_styles import DASHES, line_style

_WIDTH, _HEIGHT, _LEFT, _RIGHT, _TOP, _BOTTOM = 1000, 300, 48, 10, 10, 26

_GREY = "#8a8a8a"


def learning_curves(
    curves: Mapping[str, Sequence[float]], epochs: int, newest: str, muted: Collection[str] = ()
) -> str:
    """Validation accuracy by epoch.

    Args:
        curves: what a person calls the strategy → accuracy after each epoch so far, 0…1, at least one.
        epochs: how many there may be, the right edge.
        newest: the one that is learning now; its line is thicker.
        muted: those drawn in grey, for comparison; they take no colour from the others.
    """
    coloured = [name for name in curves if name not in muted]
    grey = [name for name in curves if name in muted]
    styles = {
        **{name: line_style(place) for place, name in enumerate(coloured)},
        **{name: (_GREY, DASHES[place % len(DASHES)]) for place, name in enumerate(grey)},
    }
    lines = "".join(_line(values, epochs, *styles[name], bold=name == newest) for name, values in curves.items())
    figures = {name: f"{100 * values[-1]:.1f} %" for name, values in curves.items()}
    spoken = ", ".join(f"{name} {figure}" for name, figure in figures.items())
    legend = "".join(
        f'<li><svg viewBox="0 0 30 8" aria-hidden="true"><line x1="1" x2="29" y1="4" y2="4" stroke="{colour}" '
        f'stroke-width="3" stroke-dasharray="{dashes}"/></svg>{escape(name)} <b>{figures[name]}</b></li>'
        for name, (colour, dashes) in styles.items()
    )
    return (
        f'<figure class="learning"><svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" '
        f'aria-label="Validation accuracy by epoch: {escape(spoken)}">{_axes(epochs)}{lines}</svg>'
        f"<figcaption><ul>{legend}</ul></figcaption></figure>"
    )


def _line(values: Sequence[float], epochs: int, colour: str, dashes: str, bold: bool) -> str:
    if len(values) == 1:
        return f'<circle cx="{_x(1, epochs):.1f}" cy="{_y(values[0]):.1f}" r="4" fill="{colour}"/>'
    points = " ".join(f"{_x(epoch, epochs):.1f},{_y(value):.1f}" for epoch, value in enumerate(values, start=1))
    return (
        f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="{4 if bold else 2}" '
        f'stroke-dasharray="{dashes}"/>'
    )


def _x(epoch: int, epochs: int) -> float:
    return _LEFT + (_WIDTH - _LEFT - _RIGHT) * (epoch - 1) / max(1, epochs - 1)


def _y(accuracy: float) -> float:
    return _TOP + (_HEIGHT - _TOP - _BOTTOM) * (1 - accuracy)


def _axes(epochs: int) -> str:
    levels = "".join(
        f'<line class="grid" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{_y(level):.1f}" y2="{_y(level):.1f}"/>'
        f'<text x="{_LEFT - 6}" y="{_y(level) + 4:.1f}" text-anchor="end">{100 * level:.0f} %</text>'
        for level in (0.0, 0.25, 0.5, 0.75, 1.0)
    )
    return (
        f'{levels}<text x="{_LEFT}" y="{_HEIGHT - 6}">epoch 1</text>'
        f'<text x="{_WIDTH - _RIGHT}" y="{_HEIGHT - 6}" text-anchor="end">{epochs}</text>'
    )
