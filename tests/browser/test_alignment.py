"""The live training in a real browser: two people at once, the same numbers from the same seed, and an end."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import gradio as gr
import pytest

import mm_demo.alignment
from mm_demo.alignment import Progress, Settings, batches, run, world
from mm_demo.ui.retrieval.alignment import AlignmentPanel


@pytest.fixture(scope="module")
def ended() -> list[threading.Event]:
    """For every training that began, whether it has ended."""
    return []


@pytest.fixture(scope="module")
def panel_url(ended: list[threading.Event]) -> Iterator[str]:
    """The panel on a page of its own, over a tenth of the world."""

    def watched(settings: Settings) -> Iterator[Progress]:
        ended.append(over := threading.Event())
        try:
            yield from run.train(settings)
        finally:
            over.set()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(world, "TRAINING", 150)
        patch.setattr(mm_demo.alignment, "train", watched, raising=False)
        for cached in (world.held_out, batches._tensors):
            cached.cache_clear()
        list(run.train(Settings(batch=16, steps=1)))  # Drawing the world and importing the optimizer take seconds.
        with gr.Blocks(analytics_enabled=False) as app:
            AlignmentPanel()
        app.launch(prevent_thread_lock=True, quiet=True)
        yield app.local_url
        app.close()
    for cached in (world.held_out, batches._tensors):
        cached.cache_clear()


def opened(browser: Any, url: str) -> Any:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.set_default_timeout(240_000)
    page = context.new_page()
    page.goto(url)
    page.locator("#alignment-train").wait_for()
    return page


def begin(page: Any, seed: int, steps: int) -> None:
    for name, value in (("Seed", seed), ("Steps", steps), ("Batch", 16)):
        field = page.locator("#alignment").get_by_label(name).and_(page.locator("input[type=number]")).first
        field.fill(str(value))
        field.press("Tab")
    page.get_by_role("button", name="Train", exact=True).click()


def result(page: Any) -> tuple[str, list[str]]:
    page.locator("#alignment-state").get_by_text("done").wait_for()
    return page.locator(".recalls").inner_text(), page.locator(".matrix tbody td").all_inner_texts()


def test_two_people_at_once_each_get_their_own_and_the_seed_decides_it(browser: Any, panel_url: str) -> None:
    one, other = opened(browser, panel_url), opened(browser, panel_url)
    begin(one, seed=1, steps=50)
    begin(other, seed=2, steps=50)
    first, second = result(one), result(other)
    assert first != second and len(first[1]) == len(second[1]) == 2 * 12 * 12
    begin(other, seed=1, steps=50)
    other.get_by_role("button", name="Stop", exact=True).and_(other.locator(":enabled")).wait_for()
    assert result(other) == first
    for page in (one, other):
        page.context.close()


def test_stop_stops_and_a_closed_page_stops_too(browser: Any, panel_url: str, ended: list[threading.Event]) -> None:
    page = opened(browser, panel_url)
    for closing in (False, True):
        ended.clear()
        begin(page, seed=3, steps=1000)
        page.locator("#alignment-view .runs").wait_for()
        page.wait_for_timeout(500)
        assert len(ended) == 2 and not any(over.is_set() for over in ended)
        if closing:
            page.context.close()
        else:
            page.get_by_role("button", name="Stop", exact=True).click()
            page.get_by_text("Stopped.").wait_for()
            page.get_by_role("button", name="Train", exact=True).and_(page.locator(":enabled")).wait_for()
        assert all(over.wait(60) for over in ended)
