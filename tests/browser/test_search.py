"""The search tab in a real browser, over a stand-in model that knows four colours."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.ui.fake_retrieval import FakeRetrieval, of_picture


@pytest.fixture(scope="module")
def colours(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Four pictures of one colour each, and a zip of two of them."""
    folder = tmp_path_factory.mktemp("colours")
    files = {}
    for colour in ("red", "green", "blue", "yellow"):
        Image.new("RGB", (60, 40), colour).save(folder / f"{colour}.png")
        files[colour] = folder / f"{colour}.png"
    files["zip"] = folder / "two.zip"
    with zipfile.ZipFile(files["zip"], "w") as packed:
        for colour in ("green", "yellow"):
            packed.write(files[colour], f"deep/{colour}.png")
    return files


@pytest.fixture
def search(page: Any) -> Iterator[Any]:
    page.get_by_role("tab", name="Search", exact=True).click()
    yield page


def _look_for(page: Any, words: str) -> list[str]:
    """Names of the hits, best first, once the best one is explained."""
    page.bring_to_front()
    before = page.locator("#search-hits .found").inner_html()
    page.locator("#search-words textarea").fill(words)
    page.locator("#search-run").click()
    page.wait_for_function(
        "before => { const now = document.querySelector('#search-hits .found');"
        " return now.innerHTML !== before && now.querySelector('.hits'); }",
        arg=before,
        polling=200,  # By default it looks once a frame, and a page behind another has none.
    )
    page.locator("#search-view .attention[data-state=done]").wait_for()
    return page.locator("#search-hits .name").all_inner_texts()


def _bring(page: Any, count: int, *files: Path) -> None:
    """Upload files that hold so many pictures, and wait until these, and not the gallery before, can be searched."""
    page.get_by_label("Your pictures").check()
    page.locator("#search-files input[type=file]").set_input_files([str(file) for file in files])
    page.locator("#search-gallery-state", has_text=re.compile(rf"\b{count} pictures can be searched")).wait_for()


def _canvas(page: Any, view: str) -> str:
    return page.evaluate(f"document.querySelector('{view} canvas').toDataURL()")


def test_words_find_a_click_explains_and_hovering_redraws(search: Any) -> None:
    names = _look_for(search, "red not <i>zebra</i>")
    assert len(names) == 10 and all(name.startswith("scene-") for name in names)
    assert "120 pictures" in search.locator("#search-hits figcaption").inner_text()
    hits = search.locator("#search-hits button")
    assert hits.first.get_attribute("aria-pressed") == "true"
    words = search.locator("#search-view [role=option]")
    assert words.locator("b").all_inner_texts() == ["whole query", "red", "not", "<i>zebra</i>"]
    hits.first.focus()
    search.keyboard.press("ArrowRight")
    search.keyboard.press("Enter")
    search.locator("#search-view .heading", has_text=names[1]).wait_for()
    search.locator("#search-view .attention[data-state=done]").wait_for()
    assert hits.nth(1).get_attribute("aria-pressed") == "true"
    assert names[1] in (hits.nth(1).locator("img").get_attribute("alt") or "")
    before = _canvas(search, "#search-view")
    words.nth(2).hover()
    assert _canvas(search, "#search-view") != before
    assert "against the match" in search.locator("#search-view .detail").inner_text()
    assert search.locator("#search-words-parts .against:not(.rest)").count() == 1
    assert search.locator("#search-view i").count() == 2, "the two colour scales, and no markup of the query's"


def test_two_people_search_what_each_of_them_brought(search: Any, browser: Any, url: str, colours: Any) -> None:
    other = browser.new_context().new_page()
    other.set_default_timeout(60_000)
    other.goto(url)
    other.get_by_role("tab", name="Search", exact=True).click()
    _bring(search, 2, colours["red"], colours["blue"])
    _bring(other, 2, colours["zip"])
    assert sorted(_look_for(search, "green")) == ["blue.png", "red.png"]
    assert _look_for(other, "green") == ["green.png", "yellow.png"]
    other.context.close()
    search.get_by_label("Generated scenes").check()
    search.locator("#search-gallery-state", has_text="120 pictures").wait_for()
    assert all(name.startswith("scene-") for name in _look_for(search, "blue"))


def test_a_picture_finds_its_like_and_both_are_shown(search: Any, colours: Any) -> None:
    _bring(search, 4, colours["red"], colours["blue"], colours["zip"])
    search.get_by_role("button", name="With a picture").click()
    search.locator("#search-picture input[type=file]").first.set_input_files(str(colours["blue"]))
    search.locator("#search-picture img").wait_for()
    assert _look_for(search, "")[0] == "blue.png"
    search.locator("#search-query-view .attention[data-state=done]").wait_for()
    assert search.locator("#search-query-view [role=option] b").all_inner_texts() == ["your picture"]
    search.get_by_role("button", name="What would it be called?").click()
    search.locator("#search-candidates textarea").fill("red\nblue\n<b>green</b>")
    search.locator("#search-name").click()
    search.locator("#search-names li").first.wait_for()
    assert search.locator("#search-names .name").all_inner_texts()[0] == "blue"


def test_the_matrix_follows_the_temperature_without_the_server(search: Any, colours: Any) -> None:
    _bring(search, 4, colours["red"], colours["blue"], colours["zip"])
    search.get_by_role("button", name="Texts beside pictures").click()
    # What stands there at first comes a moment after the box, and would take the place of what is typed before it.
    search.wait_for_function("document.querySelector('#search-texts textarea')?.value")
    search.locator("#search-texts textarea").fill("red\nblue\nyellow")
    search.locator("#search-compare").click()
    search.locator("#search-matrix table").wait_for()
    heads = search.locator("#search-matrix th img").evaluate_all("all => all.map((i) => i.alt)")
    cosines = FakeRetrieval().similarities(["red", "blue", "yellow"], [colours[Path(name).stem] for name in heads])
    assert of_picture(colours["red"]).shape == (3,) and heads == ["red.png", "blue.png", "yellow.png"]
    requests: list[str] = []
    search.on("request", lambda r: requests.append(r.url) if not r.url.startswith("data:") else None)
    for exponent in (-1.0, 0.0):
        search.evaluate(
            "v => { const s = document.querySelector('#search-matrix .slider'); s.value = v;"
            " s.dispatchEvent(new Event('input', { bubbles: true })); }",
            exponent,
        )
        raised = np.exp(cosines / 10**exponent)
        expected = np.round(100 * raised / raised.sum(axis=1, keepdims=True)).ravel()
        shown = search.locator("#search-matrix td b").all_inner_texts()
        assert [float(text.split()[0]) for text in shown] == pytest.approx(expected, abs=0.51)
    assert requests == []
    assert search.locator("#search-space image").count() == 4 and search.locator("#search-space path").count() == 3
    assert search.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


def test_what_is_wrong_is_one_sentence_and_the_rest_goes_on(search: Any, colours: Any, tmp_path: Path) -> None:
    broken = tmp_path / "broken.zip"
    broken.write_bytes(b"PK\x03\x04 and no more")
    search.get_by_label("Your pictures").check()
    search.locator("#search-run").click()
    message = search.locator("#search-hits [role=alert]")
    message.filter(has_text="no gallery yet").wait_for()
    search.locator("#search-files input[type=file]").set_input_files(str(broken))
    search.locator("#search-gallery-state [role=alert]", has_text="broken.zip").wait_for()
    search.get_by_label("Generated scenes").check()
    search.locator("#search-words textarea").fill("   ")
    search.locator("#search-run").click()
    message.filter(has_text="query is empty").wait_for()
    assert len(_look_for(search, "blue " * 10_000)) == 10
    search.get_by_text("Only its first 8 words were looked for.").first.wait_for()
