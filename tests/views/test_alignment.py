"""The drawings of the live training: every figure is there, in its place, and nothing from outside becomes markup."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import numpy as np
import pytest

from mm_demo.views.alignment import recall_curves, recall_table, similarity_matrix
from mm_demo.views.colors import viridis

LOW, HIGH = {1: 0.0, 5: 0.0, 10: 0.0}, {1: 0.5, 5: 0.75, 10: 1.0}


def read(html: str) -> ElementTree.Element:
    return ElementTree.fromstring(html.replace("class=match", 'class="match"'))


def test_a_curve_for_each_k_and_direction_rises_with_its_recall() -> None:
    html = recall_curves([0, 5, 10], [LOW, LOW, HIGH], [LOW, HIGH, HIGH], 20, "A <loss>")
    lines = re.findall(r'<polyline points="([^"]+)".*?stroke-dasharray="([^"]*)"', html)
    assert len(lines) == 6 and [dashes for _, dashes in lines].count("") == 3
    ends = []
    for points, _ in lines:
        xs, ys = zip(*(map(float, pair.split(",")) for pair in points.split()), strict=True)
        assert len(xs) == 3 and xs[1] - xs[0] == pytest.approx(xs[2] - xs[1], abs=0.11) and ys[0] > ys[2]
        ends.append(ys[2])
    assert ends[:3] == sorted(ends[:3]) and ends[:3] == ends[3:]
    label = read(html).find("svg").get("aria-label")  # type: ignore[union-attr]
    assert label == "A <loss>: recall at 1 50 % and 50 %"
    assert read(recall_curves([], [], [], 20, "nothing yet")) is not None


def test_the_matrix_has_texts_as_rows_and_pictures_as_columns_in_the_maps_colours() -> None:
    cosines = np.array([[0.98, -0.25], [0.0, -1.0], [0.999, 1.5]])
    attack = '<img src=x onerror="alert(1)">'
    table = read(similarity_matrix(cosines, [attack, "b"], "x"))
    rows = table.findall(".//tbody/tr")
    assert [[cell.text for cell in row.findall("td")] for row in rows] == [[".98", ".00", "1"], ["−.25", "−1", "1"]]
    assert rows[0].find("th").get("title") == attack and not table.findall(".//img")  # type: ignore[union-attr]
    assert [[cell.get("class") for cell in row.findall("td")] for row in rows] == [
        ["match", None, None],
        [None, "match", None],
    ]
    lowest, highest = (" ".join(map(str, viridis()[at])) for at in (0, 255))
    assert lowest in rows[1].findall("td")[1].get("style", "")
    assert highest in rows[1].findall("td")[2].get("style", "")
    assert len(table.findall(".//thead//i")) == 3


def test_the_table_puts_every_row_beside_the_others() -> None:
    table = read(recall_table([("Triplet", HIGH, LOW), ("chance", LOW, LOW)]))
    cells = [[cell.text for cell in row] for row in table.findall(".//tbody/tr")]
    assert cells == [["Triplet", "50 %", "75 %", "100 %", "0 %", "0 %", "0 %"], ["chance", *["0 %"] * 6]]
