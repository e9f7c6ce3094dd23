"""What a newcomer does, done in a real browser."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

CANVAS = "document.querySelector('{} canvas').toDataURL()"


def _canvas(page: Any, view: str) -> str:
    return page.evaluate(CANVAS.format(view))


def _until_drawn(page: Any, view: str) -> None:
    """The picture is decoded in its own time: wait for a canvas that is not blank."""
    page.wait_for_function(
        "view => { const c = document.querySelector(view + ' canvas');"
        " const d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data; return d.some((v) => v > 0); }",
        arg=view,
    )


def _upload(page: Any, source: str, path: Path) -> None:
    page.locator(f"{source} input[type=file]").first.set_input_files(str(path))


def _ask(page: Any, question: str) -> None:
    page.locator("#vqa-question textarea").fill(question)
    page.get_by_role("button", name="Ask", exact=True).click()


def test_an_upload_is_captioned_word_by_word_and_hovering_moves_the_map(page: Any, picture_file: Path) -> None:
    page.evaluate(
        """() => { window.counts = []; new MutationObserver(() => {
             const n = document.querySelectorAll('#caption-view [role=option]').length;
             if (counts.at(-1) !== n) counts.push(n);
           }).observe(document.body, { childList: true, subtree: true }); }"""
    )
    _upload(page, "#caption-picture", picture_file)
    words = page.locator("#caption-view [role=option]")
    page.locator("#caption-view .attention[data-state=done]").wait_for()
    assert words.count() == 8 and words.nth(2).locator("b").inner_text() == "star"
    grown = page.evaluate("counts")
    assert len(grown) >= 4 and grown == sorted(grown)

    _until_drawn(page, "#caption-view")
    page.locator(".evidence-line:visible").first.wait_for()
    page.wait_for_function("!document.querySelector('.evidence-line.busy')")  # The check asks the server by itself.
    before = _canvas(page, "#caption-view")
    requests: list[str] = []
    page.on("request", lambda r: requests.append(r.url) if not r.url.startswith("data:") else None)
    words.nth(1).hover()
    over_red = _canvas(page, "#caption-view")
    words.nth(2).hover()
    over_star = _canvas(page, "#caption-view")
    assert len({before, over_red, over_star}) == 3
    assert requests == [], "hovering must not ask the server"
    detail = page.locator("#caption-view .detail").inner_text()
    assert "87 %" in detail and "moon" in detail and "<b>cross</b>" in detail

    page.locator("#caption-view input[type=range]").fill("0")
    plain = _canvas(page, "#caption-view")
    words.nth(1).hover()
    assert _canvas(page, "#caption-view") == plain
    assert _with_downloads(page) == "a red star above a blue house"


def _with_downloads(page: Any) -> str:
    with page.expect_download() as numbers:
        page.get_by_role("button", name="Numbers (JSON)").first.click()
    answer = json.loads(numbers.value.path().read_text())
    assert sum(map(sum, answer["tokens"][0]["map"])) == pytest.approx(1)
    with page.expect_download() as maps:
        page.get_by_role("button", name="All maps (PNG)").first.click()
    Image.open(maps.value.path()).verify()
    return answer["caption"].rsplit(" ", 1)[0]


def test_the_keyboard_alone_moves_from_word_to_word(page: Any, picture_file: Path) -> None:
    _upload(page, "#caption-picture", picture_file)
    page.locator("#caption-view .attention[data-state=done]").wait_for()
    _until_drawn(page, "#caption-view")
    words = page.locator("#caption-view [role=option]")
    words.nth(0).focus()
    seen = [_canvas(page, "#caption-view")]
    for key in ("ArrowRight", "Tab", "End"):
        page.keyboard.press(key)
        seen.append(_canvas(page, "#caption-view"))
    assert len(set(seen)) == 4
    assert words.nth(7).get_attribute("aria-selected") == "true"
    page.keyboard.press("Home")
    assert words.nth(0).get_attribute("aria-selected") == "true" and _canvas(page, "#caption-view") == seen[0]


def test_another_method_redraws_the_maps_without_a_new_caption(page: Any, picture_file: Path) -> None:
    _upload(page, "#caption-picture", picture_file)
    page.locator("#caption-view .attention[data-state=done]").wait_for()
    _until_drawn(page, "#caption-view")
    words = page.locator("#caption-view [role=option]")
    words.nth(3).click()
    before = _canvas(page, "#caption-view")
    page.get_by_label("Layer").first.click()
    page.get_by_role("option", name="3", exact=True).click()
    page.wait_for_function(
        "before => document.querySelector('#caption-view canvas').toDataURL() !== before", arg=before
    )
    assert words.count() == 8 and words.nth(3).get_attribute("aria-selected") == "true"


def test_a_question_is_answered_with_bars_and_every_word_has_its_map(page: Any, picture_file: Path) -> None:
    page.get_by_role("tab", name="Ask a question").click()
    _upload(page, "#vqa-picture", picture_file)
    _ask(page, "what color is the <img src=x onerror=alert(1)> zebra")
    bars = page.locator("#vqa-answers li")
    bars.first.wait_for()
    assert bars.all_inner_texts()[0].split("\n")[0] == "red" and bars.count() == 3
    assert "picture 71 %" in page.locator("#vqa-shares").inner_text().replace("\n", " ")
    assert page.get_by_text("does not know “zebra”").count() == 1
    _until_drawn(page, "#vqa-view")
    words = page.locator("#vqa-view [role=option]")
    assert words.first.locator("b").inner_text() == "red"
    answer = _canvas(page, "#vqa-view")
    words.nth(2).click()
    assert _canvas(page, "#vqa-view") != answer
    assert "for the answer" in page.locator("#vqa-view .detail").inner_text()
    assert page.locator("#vqa-view img").count() == 0
    words.first.click()
    assert _canvas(page, "#vqa-view") == answer


def test_a_bad_file_is_one_sentence_and_the_next_request_works(page: Any, picture_file: Path, tmp_path: Path) -> None:
    bad = tmp_path / "notes.png"
    bad.write_text("this is no picture")
    _upload(page, "#caption-picture", bad)
    message = page.locator("#caption-view [role=alert]:not([hidden])")
    message.wait_for()
    said = message.inner_text()
    assert "notes.png" in said and said.endswith(".") and "\n" not in said
    page.locator("#caption-picture").get_by_role("button", name="Remove Image").click()
    _upload(page, "#caption-picture", picture_file)
    page.locator("#caption-view .attention[data-state=done]").wait_for()
    assert page.locator("#caption-view [role=option]").count() == 8


def test_no_picture_and_no_question_are_one_sentence_each(page: Any, picture_file: Path) -> None:
    page.get_by_role("tab", name="Ask a question").click()
    message = page.locator("#vqa-view [role=alert]:not([hidden])")
    _ask(page, "what color is the star?")
    message.wait_for()
    assert "no picture yet" in message.inner_text()
    _upload(page, "#vqa-picture", picture_file)
    _ask(page, "   ")
    message.filter(has_text="question is empty").wait_for()
    _ask(page, "what color is the star?")
    page.locator("#vqa-answers li").first.wait_for()


def test_a_drawing_is_captioned(page: Any) -> None:
    page.get_by_role("tab", name="Draw").first.click()
    board = page.locator("#caption-board canvas")
    board.wait_for()
    page.get_by_role("radio", name="blue").first.click()
    box = board.bounding_box()
    page.mouse.move(box["x"] + 60, box["y"] + 60)
    page.mouse.down()
    page.mouse.move(box["x"] + 160, box["y"] + 160, steps=8)
    page.mouse.up()
    page.get_by_role("button", name="Caption it").click()
    page.locator("#caption-view .attention[data-state=done]").wait_for()
    named = page.locator("#caption-view [role=option] b").last.inner_text()
    red, _, blue = (int(v) for v in named.removeprefix("rgb").split("-"))
    assert red < 254 and blue > red, "the drawing's mean colour must be a bluish white"


def test_the_camera_is_captioned_continuously(page: Any) -> None:
    page.get_by_role("tab", name="Live").click()
    camera = page.locator("#caption-camera")
    camera.get_by_text("Click to Access Webcam").click()
    camera.get_by_text("Record", exact=True).click()
    page.locator("#caption-view .attention[data-state=done]").wait_for()
    assert page.locator("#caption-view [role=option]").count() == 8


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_phone_scrolls_only_up_and_down(browser: Any, url: str, picture_file: Path, scheme: str) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844}, color_scheme=scheme, has_touch=True)
    page = context.new_page()
    page.goto(url)
    page.get_by_text("ready").nth(1).wait_for(timeout=60_000)
    _upload(page, "#caption-picture", picture_file)
    page.locator("#caption-view .attention[data-state=done]").wait_for()
    _until_drawn(page, "#caption-view")
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    before = _canvas(page, "#caption-view")
    page.locator("#caption-view [role=option]").nth(1).tap()
    assert _canvas(page, "#caption-view") != before
    context.close()
