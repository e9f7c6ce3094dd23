"""Evidence in a real browser: a verdict under each map, a shuffled map found out, and asking again without a part."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mm_demo.ui.evidence.shuffled import SHUFFLE

VERDICT = ":is(.supported, .unsupported, .unclear, .trouble)"


def _upload(page: Any, source: str, path: Path) -> None:
    page.locator(f"{source} input[type=file]").first.set_input_files(str(path))


def _ask(page: Any, picture: Path, question: str = "what color is the ball?") -> None:
    page.get_by_role("tab", name="Ask a question").click()
    _upload(page, "#vqa-picture", picture)
    page.locator("#vqa-picture img").wait_for()
    page.locator("#vqa-question textarea").fill(question)
    page.get_by_role("button", name="Ask", exact=True).click()


def _verdict(page: Any, name: str, about: str = "") -> str:
    line = page.locator(f"#{name}-verdict {VERDICT}").filter(has_text=about)
    line.wait_for()
    return line.inner_text()


def _unfold(page: Any, elem_id: str) -> None:
    page.locator(f"#{elem_id} > button").click()


def _paint(page: Any, elem_id: str, *points: tuple[float, float]) -> None:
    """One broad stroke through points that are shares of the canvas's sides."""
    canvas = page.locator(f"#{elem_id} canvas")
    canvas.wait_for()
    page.locator(f"#{elem_id} .width").fill("30")
    canvas.scroll_into_view_if_needed()
    page.wait_for_function(
        "id => { const c = document.querySelector(`#${id} canvas`);"
        " return c.getContext('2d').getImageData(0, 0, c.width, c.height).data.some((v) => v > 0); }",
        arg=elem_id,
        polling=200,
    )
    box = canvas.bounding_box()
    at = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in points]
    page.mouse.move(*at[0])
    page.mouse.down()
    for point in at[1:]:
        page.mouse.move(*point, steps=4)
    page.mouse.up()


BALL = ((0.2, 0.3), (0.4, 0.3), (0.4, 0.6), (0.2, 0.6), (0.3, 0.45))


def test_a_captions_telling_word_is_checked_and_then_the_word_one_chooses(page: Any, picture_file: Path) -> None:
    _upload(page, "#caption-picture", picture_file)
    assert "This map is supported" in _verdict(page, "caption", "rgb")
    page.locator("#caption-view [role=option]").nth(2).click()
    assert "do not trust this map" in _verdict(page, "caption", "“star”")
    page.get_by_label("Check the map").first.uncheck()
    page.locator("#caption-verdict .evidence-line").wait_for(state="detached")


def test_erasing_the_ball_changes_the_caption_and_undo_takes_it_back(page: Any, picture_file: Path) -> None:
    _upload(page, "#caption-picture", picture_file)
    _verdict(page, "caption")
    _unfold(page, "caption-again")
    page.locator("#caption-again-run").click()
    page.locator("#caption-again-said", has_text="Nothing is taken away yet").wait_for()
    _paint(page, "caption-eraser", *BALL)
    page.locator("#caption-again-run").click()
    page.locator("#caption-again-said", has_text="1 word of it went, 1 word came").wait_for()
    for side in ("before", "after"):
        page.locator(f"#caption-{side} [role=option].changed").wait_for()
    before, after = (page.locator(f"#caption-{side} .changed b").inner_text() for side in ("before", "after"))
    assert before.startswith("rgb") and after.startswith("rgb") and before != after
    page.locator("#caption-eraser .undo").click()
    page.locator("#caption-again-run").click()
    page.locator("#caption-again-said", has_text="Nothing is taken away yet").wait_for()
    page.locator("#caption-before").wait_for(state="hidden")


def test_an_answer_is_checked_by_picture_and_by_words_and_asked_again_without_either(
    page: Any, picture_file: Path
) -> None:
    _ask(page, picture_file)
    assert "brightest fifth" in _verdict(page, "vqa") and "supported" in _verdict(page, "vqa")
    _unfold(page, "vqa-evidence")
    page.get_by_label("the question's words").check()
    assert "“color”" in _verdict(page, "vqa", "word")
    page.locator("#vqa-curves svg polyline").first.wait_for()
    page.locator("#vqa-randomise").click()
    page.locator("#vqa-randomised li").nth(2).wait_for()
    assert "alike: 1.00" in page.locator("#vqa-randomised li").nth(1).inner_text()
    _unfold(page, "vqa-again")
    page.locator("#vqa-striker .list button").nth(1).click()
    page.locator("#vqa-again-run").click()
    page.locator("#vqa-again-said", has_text="“red” stays").wait_for()
    page.locator("#vqa-after [role=option]").nth(4).wait_for()
    assert "color" not in page.locator("#vqa-after .words").inner_text()
    _paint(page, "vqa-eraser", *BALL)
    page.locator("#vqa-again-run").click()
    page.locator("#vqa-again-said", has_text="becomes “nothing”").wait_for()
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


def test_a_shuffled_map_is_found_out(page: Any, picture_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SHUFFLE, "1")
    _ask(page, picture_file)
    assert "do not trust this map" in _verdict(page, "vqa")
    assert page.locator("#vqa-verdict .unsupported").count() == 1
