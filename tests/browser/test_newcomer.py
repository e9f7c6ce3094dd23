"""The first minute of a newcomer: the shipped models, an example, a question, a drawing of their own."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import pytest


@pytest.fixture(scope="module")
def newcomer(browser: Any) -> Iterator[Any]:
    import mm_demo
    from mm_demo.ui.app import launch
    from mm_demo.ui.models import Models

    app = launch(Models(mm_demo.load), port=None, quiet=True)
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.set_default_timeout(90_000)
    page = context.new_page()
    page.goto(app.local_url)
    page.get_by_text("ready").nth(1).wait_for()
    yield page
    context.close()
    app.close()


def _caption(page: Any) -> str:
    page.locator("#caption-view .attention[data-state=done]").wait_for()
    return " ".join(page.locator("#caption-view [role=option] b").all_inner_texts())


def test_an_example_gets_a_true_caption(newcomer: Any) -> None:
    newcomer.get_by_role("button", name="Example: ").first.click()
    said = _caption(newcomer)
    assert all(f"{color} {kind}" in said for color, kind in (("blue", "star"), ("blue", "car"), ("green", "circle")))
    assert newcomer.locator(".notice:visible").count() == 0


def test_a_question_gets_its_answer(newcomer: Any) -> None:
    newcomer.get_by_role("tab", name="Ask a question").click()
    newcomer.get_by_role("button", name="Example: ").locator("visible=true").first.click()
    newcomer.locator("#vqa-question textarea").fill("What colour is the star?")
    newcomer.get_by_role("button", name="Ask", exact=True).click()
    bars = newcomer.locator("#vqa-answers li")
    bars.first.wait_for()
    assert bars.all_inner_texts()[0].split("\n")[0] == "blue"


def test_a_square_drawn_by_mouse_is_recognised(newcomer: Any) -> None:
    newcomer.get_by_role("tab", name="Caption").click()
    newcomer.get_by_role("tab", name="Draw").locator("visible=true").click()
    board = newcomer.locator("#caption-board canvas")
    board.wait_for()
    newcomer.get_by_role("radio", name="purple").locator("visible=true").click()
    box = board.bounding_box()
    corners = [(0.3, 0.3), (0.7, 0.31), (0.69, 0.7), (0.31, 0.69), (0.3, 0.3)]
    points = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in corners]
    newcomer.mouse.move(*points[0])
    newcomer.mouse.down()
    for start, end in zip(points, points[1:], strict=False):
        newcomer.mouse.move(*end, steps=max(4, int(math.dist(start, end) / 20)))
    newcomer.mouse.up()
    newcomer.get_by_role("button", name="Caption it").click()
    newcomer.locator("#caption-view [role=option]", has_text="square").wait_for()
    assert "purple square" in _caption(newcomer)
