"""Bars of signed values: in order, to scale, with their errors."""

from __future__ import annotations

import re

import numpy as np

from mm_demo.views.value_bars import value_bars


def test_bars_are_to_scale_and_labels_are_text() -> None:
    drawn = value_bars(["<b>a</b>", "b"], np.array([0.4, -0.2]), np.array([0.1, 0.0]), "What each <word> adds")
    assert "<b>a" not in drawn and "&lt;b&gt;a" in drawn and "each &lt;word&gt; adds" in drawn
    # The longest reach is 0.4 + 0.1: half the track stands for 0.5.
    assert re.findall(r'class="(for|against)" style="width:([\d.]+)%', drawn) == [("for", "40.0"), ("against", "20.0")]
    assert re.findall(r"<i style=\"left:([\d.]+)%;width:([\d.]+)%", drawn) == [("80.0", "20.0")]
    assert re.findall(r'figure">([^<]+)<', drawn) == ["+0.400 ±0.100", "−0.200"]


def test_an_error_that_is_not_known_yet_is_said_and_not_drawn() -> None:
    drawn = value_bars(["a"], np.array([0.4]), np.array([np.inf]), "")
    assert "±?" in drawn and "<i " not in drawn


def test_of_many_the_largest_are_shown_in_reading_order() -> None:
    values = np.r_[np.zeros(20), -np.arange(1.0, 15.0)]
    drawn = value_bars([str(i) for i in range(34)], values, np.zeros(34), "")
    assert re.findall(r'name">(\d+)<', drawn) == [str(i) for i in range(22, 34)]
    assert "and 22 more" in drawn
