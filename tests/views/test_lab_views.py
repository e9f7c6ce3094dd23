"""Drawings of the fusion lab: lines where the figures are, tables that name what is true, nothing unescaped."""

from __future__ import annotations

import re

import pytest

from mm_demo.views.lab_curves import learning_curves
from mm_demo.views.lab_opinions import OpinionRow, opinion_table
from mm_demo.views.line_styles import line_style


def test_lines_rise_with_accuracy_and_go_right_with_epochs() -> None:
    drawn = learning_curves({"A": [0.0, 0.5, 1.0], "B": [0.25]}, epochs=5, newest="A")
    (points,) = re.findall(r'points="([^"]+)"', drawn)
    xs, ys = zip(*(map(float, point.split(",")) for point in points.split()), strict=True)
    assert xs[1] - xs[0] == pytest.approx(xs[2] - xs[1], abs=0.11) and ys[0] - ys[1] == pytest.approx(ys[1] - ys[2])
    assert re.search(r"<circle", drawn) and "A 100.0 %, B 25.0 %" in drawn


def test_the_muted_take_no_colour_and_names_are_escaped() -> None:
    alone = learning_curves({"<b>": [0.5, 0.6]}, 5, "<b>")
    beside = learning_curves({"control": [0.5, 0.5], "<b>": [0.5, 0.6]}, 5, "<b>", muted=["control"])
    colour = line_style(0)[0]
    assert alone.count(colour) == beside.count(colour) == 2
    assert "<b></b>" not in beside and "&lt;b&gt;" in beside


def test_32_lines_differ() -> None:
    assert len({line_style(place) for place in range(32)}) == 32


def test_a_row_says_whether_it_is_right_and_what_it_rests_on() -> None:
    rows = [
        OpinionRow("Early", {"yes": 0.75, "no": 0.25}, "2 of 3", {"voice": 0.9, "words": 0.1}, "exact Shapley shares"),
        OpinionRow("<i>", {"no": 0.5, "yes": 0.3, "a": 0.1, "b": 0.1}, "0 of 3", {"voice": 1.0}, "weights of its own"),
    ]
    drawn = opinion_table("yes", rows)
    assert drawn.count("✓ right") == drawn.count("✗ wrong") == 1 and "75.0 %" in drawn
    assert "width:90.0%" in drawn and "voice 90 %" in drawn
    assert "<i></th>" not in drawn and "&lt;i&gt;" in drawn
    assert "10.0 %" in drawn and ">b<" not in drawn  # only the three likeliest classes
