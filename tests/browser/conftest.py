"""The page in a real browser, over stand-in models that answer slowly enough to be watched."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

import pytest

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream",
]
_HOW = "install the playwright package and a Chromium (Debian: apt-get install chromium; elsewhere: playwright install)"


def _without(what: str) -> None:
    message = f"no {what} for the browser tests: {_HOW}"
    if os.environ.get("CI") == "true":
        pytest.fail(message)
    pytest.skip(message)


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    try:
        from playwright.sync_api import Error, sync_playwright
    except ImportError:
        _without("playwright")
    with sync_playwright() as playwright:
        found = next((path for name in _NAMES if (path := shutil.which(name))), None)
        try:
            started = playwright.chromium.launch(executable_path=found, args=_QUIET)
        except Error:
            _without("browser")
        yield started
        started.close()


@pytest.fixture(scope="session")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The app's address."""
    from mm_demo.tasks import gallery
    from mm_demo.ui.app import launch
    from mm_demo.ui.models import Models
    from tests.ui.fakes import fake

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(gallery, "CACHE", tmp_path_factory.mktemp("cache"))
        app = launch(Models(lambda name, model: fake(name, delay=0.25)), port=None, quiet=True)
        yield app.local_url
        app.close()


@pytest.fixture
def complaints() -> list[str]:
    """Everything the browser objected to, and every request to another machine."""
    return []


@pytest.fixture
def page(browser: Any, url: str, complaints: list[str]) -> Iterator[Any]:
    """The page, opened and loaded; the test fails if the browser had anything to complain about."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, permissions=["camera"])
    context.set_default_timeout(60_000)
    opened = context.new_page()
    opened.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    opened.on("request", lambda request: complaints.append(request.url) if _leaves(request.url) else None)
    opened.goto(url)
    opened.get_by_text("ready").nth(1).wait_for()
    yield opened
    context.close()
    assert complaints == []


@pytest.fixture(scope="session")
def picture_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An ordinary picture, wider than high."""
    from PIL import Image, ImageDraw

    picture = Image.new("RGB", (300, 200), "white")
    ImageDraw.Draw(picture).ellipse((40, 40, 140, 140), fill="red")
    path = tmp_path_factory.mktemp("upload") / "ball.png"
    picture.save(path)
    return path


def _leaves(address: str) -> bool:
    return urlparse(address).hostname not in (None, "127.0.0.1", "localhost")
