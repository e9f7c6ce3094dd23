"""What was measured of every method on a checkpoint stands on the page, and what was not says so."""

from __future__ import annotations

import pytest

from mm_demo.models.catalog import WEIGHTS
from mm_demo.tasks.measured import FILE, measured_methods
from mm_demo.tasks.methods import DEFAULT_METHODS, get_method
from mm_demo.ui.evidence.methods_table import methods_html

TASKS = {"blip-vqa-scenes": "vqa", "blip-caption-scenes": "caption", "clip-contrastive-scenes": "retrieval"}


@pytest.mark.parametrize("model", TASKS)
def test_the_recommended_method_is_the_tasks_own_and_comes_first(model: str) -> None:
    found = measured_methods(model)
    family = "clip" if TASKS[model] == "retrieval" else "blip"
    assert found[0].method == get_method(DEFAULT_METHODS[TASKS[model], family]).label
    by_name = {row.method: row for row in found}
    assert by_name["The object itself"].peak == 1.0
    assert abs(by_name["Random"].peak - by_name["Random"].chance) < 0.06
    assert found[0].srg > by_name["Random"].srg and found[0].above > 0.9 and found[0].n >= 100
    shown = methods_html(found)
    assert shown.count("<tr>") == len(found) + 1 and f"{found[0].method} (recommended)" in shown
    assert f"{100 * found[0].peak:.1f} % of {found[0].n}" in shown


@pytest.mark.parametrize("model", ["someone/else", "../weights/blip-vqa-scenes", "clip-triplet-scenes", ""])
def test_what_was_not_measured_says_so(model: str) -> None:
    assert measured_methods(model) == [] and "Nobody has measured" in methods_html([])


def test_the_files_tell_how_they_were_made() -> None:
    for model in TASKS:
        text = (WEIGHTS / model / FILE).read_text(encoding="utf-8")
        assert f"evaluate explanations --seed 0 --n {100 if 'clip' in model else 200} --model {model}" in text
