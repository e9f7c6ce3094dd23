"""Takes the pictures of the app that the README shows: `python docs/make_screenshots.py`, with an empty HF_HOME.

Starts the app with the embedded models, uses it as a newcomer would, and writes docs/screenshots/*.png. Needs what the
browser tests need: the playwright package and a Chromium.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import mm_demo  # noqa: E402
from mm_demo.ui.app import launch  # noqa: E402
from mm_demo.ui.models import Models  # noqa: E402

FOLDER = ROOT / "docs" / "screenshots"
WIDE, NARROW = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
CHROMIUM = next(
    (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None
)


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    models = Models(mm_demo.load)
    app = launch(models, port=None, quiet=True)
    for name in models.names:
        models.get(name)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        for name, size, scheme, use in (
            ("caption", WIDE, "light", _caption),
            ("caption-dark", WIDE, "dark", _caption),
            ("caption-narrow", NARROW, "light", _caption),
            ("vqa", WIDE, "light", _vqa),
            ("speech", WIDE, "light", _speech),
            ("speech-narrow", NARROW, "dark", _speech),
            ("search", WIDE, "light", _search),
            ("models", WIDE, "light", _models),
        ):
            page = browser.new_context(viewport=size, color_scheme=scheme).new_page()
            page.set_default_timeout(120_000)
            page.goto(app.local_url)
            page.get_by_text("ready").nth(len(models.names) - 1).wait_for()
            use(page)
            page.wait_for_timeout(1000)
            page.screenshot(path=FOLDER / f"{name}.png", full_page=True)
        browser.close()
    app.close()


def _caption(page: Any) -> None:
    page.get_by_role("button", name="Example: ").first.click()
    page.locator("#caption-view .attention[data-state=done]").wait_for()
    words = page.locator("#caption-view [role=option]")
    named = words.filter(has_text="star")
    (named if named.count() else words).first.click()
    _judged(page)


def _open(page: Any, name: str) -> None:
    page.get_by_role("tab", name=name, exact=True).click()


def _vqa(page: Any) -> None:
    _open(page, "Ask a question")
    page.get_by_role("button", name="Example: ").first.click()
    page.get_by_text("what is the position of the car?").click()
    page.locator("#vqa-answers li").first.wait_for()
    _judged(page)


def _speech(page: Any) -> None:
    _open(page, "Speech")
    page.get_by_text("glad words, tired flat voice").click()
    page.locator("#speech-fusions tbody tr").first.wait_for()
    page.wait_for_timeout(3000)  # the player draws its waveform on its own
    _judged(page)


def _search(page: Any) -> None:
    _open(page, "Search")
    page.get_by_label("Words", exact=True).fill("a black heart left of an orange car")
    page.get_by_role("button", name="Search", exact=True).click()
    page.locator("#search-words-parts ol").wait_for()
    _judged(page)


def _models(page: Any) -> None:
    _open(page, "Models")
    page.locator("#models-list li").first.wait_for()


def _judged(page: Any) -> None:
    page.locator(".evidence-line:visible").first.wait_for()
    page.wait_for_function("!document.querySelector('.evidence-line.busy')")


if __name__ == "__main__":
    main()
