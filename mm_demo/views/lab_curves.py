"""Fusion strategies as they learn: one line each, as inline SVG; everything that came from outside escaped."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from html import escape

from mm_demo.views.line_styles import DASHES, line_style
from mm_demo.views.plot_frame import QUARTERS, PlotFrame, legend_key

_FRAME = PlotFrame(width=1000, height=300, left=48, right=10, top=10, bottom=26)

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
        legend_key(f"{escape(name)} <b>{figures[name]}</b>", colour, dashes)
        for name, (colour, dashes) in styles.items()
    )
    axes = _FRAME.axes(QUARTERS, "epoch 1", str(epochs))
    return (
        f'<figure class="learning"><svg viewBox="0 0 {_FRAME.width} {_FRAME.height}" role="img" '
        f'aria-label="Validation accuracy by epoch: {escape(spoken)}">{axes}{lines}</svg>'
        f"<figcaption><ul>{legend}</ul></figcaption></figure>"
    )


def _line(values: Sequence[float], epochs: int, colour: str, dashes: str, bold: bool) -> str:
    right = max(1, epochs - 1)
    if len(values) == 1:
        return f'<circle cx="{_FRAME.x(0):.1f}" cy="{_FRAME.y(values[0]):.1f}" r="4" fill="{colour}"/>'
    points = _FRAME.points([epoch / right for epoch in range(len(values))], values)
    return (
        f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="{4 if bold else 2}" '
        f'stroke-dasharray="{dashes}"/>'
    )
