"""What is drawn is what was given."""

from __future__ import annotations

import numpy as np
import pytest

from mm_demo.views.fusion_plots import accuracy_bars, robustness_curves, training_curves


def test_bars_are_sorted_and_have_a_dot_for_every_seed() -> None:
    (axes,) = accuracy_bars({"early": [0.9, 0.8], "late": [0.5, 0.6]}, chance=0.5).axes
    assert [label.get_text() for label in axes.get_yticklabels()] == ["late", "early"]
    assert [bar.get_width() for bar in axes.patches] == pytest.approx([55, 85])
    dots = [line.get_xdata() for line in axes.lines[:2]]
    np.testing.assert_allclose(dots, [[50, 60], [90, 80]])
    assert axes.lines[2].get_xdata()[0] == 50


def test_a_stopped_seed_keeps_its_last() -> None:
    (axes,) = training_curves({"early": [[0.2, 0.4], [0.4, 0.6], [np.nan, 0.8]]}).axes
    np.testing.assert_allclose(axes.lines[0].get_ydata(), [0.3, 0.5, 0.6])
    assert axes.get_ylabel() == "validation accuracy"


def test_more_strategies_than_colours_are_told_apart() -> None:
    curves = {f"s{i}": ([0, 1], [0.9, 0.5]) for i in range(26)}
    (axes,) = robustness_curves(curves, "text missing").axes
    assert len({(line.get_color(), line.get_linestyle()) for line in axes.lines}) == 26
    np.testing.assert_allclose(axes.lines[0].get_ydata(), [90, 50])
    assert axes.get_title() == "text missing"
