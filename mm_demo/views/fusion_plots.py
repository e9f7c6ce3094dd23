"""Plots of a comparison of fusion strategies: plain numbers in, a matplotlib figure out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from mm_demo.views.line_styles import COLOURS, DASHES, line_style

_DASHES = dict(zip(DASHES, ("-", "--", ":", "-."), strict=True))
"""SVG dashes → matplotlib's."""


def accuracy_bars(accuracies: Mapping[str, Sequence[float]], chance: float) -> Figure:
    """One bar for every strategy, best at the top, a dot for each seed, and a line where chance is.

    Args:
        accuracies: strategy → accuracy of each seed, 0…1.
        chance: accuracy of always giving the commonest class, 0…1.
    """
    order = sorted(accuracies, key=lambda name: float(np.mean(accuracies[name])))
    figure = Figure(figsize=(7, 1 + 0.3 * len(order)), layout="constrained")
    axes = figure.add_subplot()
    axes.barh(order, [100 * float(np.mean(accuracies[name])) for name in order], color=COLOURS[0], alpha=0.6)
    for place, name in enumerate(order):
        values = 100 * np.asarray(accuracies[name])
        axes.plot(values, np.full(len(values), place), "o", color=COLOURS[3], markersize=3)
    axes.axvline(100 * chance, color="#555555", linestyle="--", linewidth=1)
    axes.set(xlim=(0, 100), xlabel="accuracy on the test part (%); dots: seeds; dashed: chance")
    return figure


def training_curves(curves: Mapping[str, ArrayLike], label: str = "validation accuracy") -> Figure:
    """Mean over the seeds by epoch, with the range of the seeds behind it; a seed that has stopped keeps its last.

    Args:
        curves: strategy → (epochs, seeds), NaN after a seed has stopped.
        label: what is drawn.
    """
    figure, axes = _lines()
    for i, (name, values) in enumerate(curves.items()):
        kept = _carried(np.asarray(values, dtype=float))
        epochs = np.arange(1, len(kept) + 1)
        colour, dash = _style(i)
        axes.plot(epochs, kept.mean(1), dash, color=colour, label=name)
        axes.fill_between(epochs, kept.min(1), kept.max(1), color=colour, alpha=0.12, linewidth=0)
    axes.set(xlabel="epoch", ylabel=label)
    axes.legend(fontsize=8, ncols=2)
    return figure


def robustness_curves(curves: Mapping[str, tuple[Sequence[float], Sequence[float]]], title: str) -> Figure:
    """Accuracy as a modality breaks.

    Args:
        curves: strategy → (levels 0…1, accuracies 0…1).
        title: which modality, and how it breaks.
    """
    figure, axes = _lines()
    for i, (name, (levels, accuracies)) in enumerate(curves.items()):
        colour, dash = _style(i)
        axes.plot(levels, 100 * np.asarray(accuracies), dash, color=colour, marker="o", markersize=3, label=name)
    axes.set(title=title, xlabel="level (1: nothing is left)", ylabel="accuracy (%)", ylim=(0, 102))
    axes.legend(fontsize=8, ncols=2)
    return figure


def _lines() -> tuple[Figure, Axes]:
    figure = Figure(figsize=(7, 4), layout="constrained")
    axes = figure.add_subplot()
    axes.grid(alpha=0.25)
    return figure, axes


def _style(place: int) -> tuple[str, str]:
    colour, dashes = line_style(place)
    return colour, _DASHES[dashes]


def _carried(values: np.ndarray) -> np.ndarray:
    """(epochs, seeds) with every NaN replaced by the last number above it."""
    known = np.where(np.isfinite(values), np.arange(len(values))[:, None], 0)
    return np.take_along_axis(values, np.maximum.accumulate(known, axis=0), axis=0)
