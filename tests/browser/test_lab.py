"""The fusion lab in a real browser: train, read, disturb; pause; and an end when the page is closed."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import gradio as gr
import pytest

from mm_demo.ui.lab import run as lab_run
from mm_demo.ui.lab.tab import FusionLabTab


@pytest.fixture(scope="module")
def runs() -> list[lab_run.Run]:
    """Every run that began."""
    return []


@pytest.fixture(scope="module")
def lab_url(runs: list[lab_run.Run]) -> Iterator[str]:
    """The tab on a page of its own."""
    watch = lab_run.Run.watch

    def watched(run: lab_run.Run) -> Iterator[lab_run.Event]:
        runs.append(run)
        return watch(run)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lab_run.Run, "watch", watched)
        with gr.Blocks(analytics_enabled=False) as app, gr.Tabs():
            gr.Tab("Other")
            with gr.Tab("Fusion lab") as tab:
                FusionLabTab(tab)
        app.launch(prevent_thread_lock=True, quiet=True)
        yield app.local_url
        app.close()


@pytest.fixture
def page(browser: Any, lab_url: str) -> Iterator[Any]:
    context = browser.new_context(viewport={"width": 1280, "height": 1400})
    context.set_default_timeout(60_000)
    opened = context.new_page()
    opened.goto(lab_url)
    opened.get_by_role("tab", name="Fusion lab").click()
    opened.get_by_label("Early fusion").wait_for()
    yield opened
    context.close()


def choose(page: Any, data: str, strategies: list[str], seeds: int) -> None:
    page.get_by_label(data, exact=True).check()
    ticked = page.locator("#lab-strategies input[type=checkbox]:checked")
    while ticked.count():
        ticked.first.uncheck()
    for name in strategies:
        page.get_by_label(name, exact=True).check()
    fill(page, "#lab-seeds", seeds)


def fill(page: Any, slider: str, value: float) -> None:
    field = page.locator(f"{slider} input[type=number]")
    field.fill(str(value))
    field.press("Tab")


def button(page: Any, name: str) -> Any:
    return page.get_by_role("button", name=name, exact=True)


def test_two_strategies_learn_are_compared_and_disturbed(page: Any) -> None:
    choose(page, "Redundancy", ["Early fusion", "Attention fusion"], 1)
    button(page, "Train").click()
    page.locator("#lab-curves polyline").first.wait_for()
    page.get_by_text("Done: 2 strategies.").wait_for()
    page.locator("#lab-robustness img").wait_for()
    table = page.locator("#lab-table").inner_text()
    assert all(name in table for name in ("Early fusion", "Attention fusion", "Only first", "Only second"))
    assert page.locator("#lab-verdicts li").count() == 4
    with page.expect_download() as got:
        page.get_by_text("Table (CSV)").click()
    lines = got.value.path().read_text().splitlines()
    assert [line.split(",")[0] for line in lines] == ["strategy", "only first", "only second", "early", "attention"]

    weights = page.locator("#lab-opinions .share")
    before = weights.all_inner_texts()
    assert len(before) == 4
    fill(page, "#lab-noise-1", 1)
    page.wait_for_function(
        "before => [...document.querySelectorAll('#lab-opinions .share')].map(s => s.innerText).join() !== before",
        arg=",".join(before),
    )


def test_pause_waits_stop_reports_and_a_closed_page_stops(page: Any, runs: list[lab_run.Run]) -> None:
    choose(page, "Synergy", ["Early fusion"], 10)
    button(page, "Train").click()
    button(page, "Pause").and_(page.locator(":enabled")).wait_for()
    button(page, "Pause").click()
    page.get_by_text("Paused.").wait_for()
    page.wait_for_timeout(1500)
    seen = page.locator("#lab-curves").inner_text()
    page.wait_for_timeout(1500)
    assert page.locator("#lab-curves").inner_text() == seen
    button(page, "Resume").click()
    button(page, "Stop").click()
    page.get_by_text("Stopped before any strategy was through.").wait_for()
    button(page, "Train").click()
    button(page, "Pause").and_(page.locator(":enabled")).wait_for()
    button(page, "Pause").click()
    page.get_by_text("Paused.").wait_for()
    assert not runs[-1].control.cancelled
    page.context.close()
    until = time.monotonic() + 60
    while not runs[-1].control.cancelled and time.monotonic() < until:
        time.sleep(0.1)
    assert runs[-1].control.cancelled


def test_a_mistake_is_one_sentence(page: Any) -> None:
    choose(page, "Own file", ["Early fusion"], 1)
    button(page, "Train").click()
    page.get_by_text("There is no file yet: give an .npz, or choose other data.").wait_for()
    choose(page, "Redundancy", [], 1)
    button(page, "Train").click()
    page.get_by_text("There is nothing to train yet: tick a strategy.").wait_for()
