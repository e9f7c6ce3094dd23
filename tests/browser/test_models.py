"""A model of the hub, got and used in a real browser; the hub is a small one on this machine, and slow."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from transformers import BlipForConditionalGeneration

from tests.checkpoints import EMBEDDED, make_model, make_processor
from tests.hub_server import HubServer, point_to

ID = "Salesforce/blip-image-captioning-base"
TITLE = "BLIP captioning, base"
SLOW, QUICK = 1_500_000.0, None
"""Bytes a second: the checkpoint has 12 million."""


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubServer]:
    """Serves a random captioner under an id of the catalog."""
    root = tmp_path_factory.mktemp("hub")
    folder = root / "repositories" / ID
    make_model(BlipForConditionalGeneration, EMBEDDED, sharpness=4.0).save_pretrained(folder)
    make_processor(EMBEDDED).save_pretrained(folder)
    with HubServer(root / "repositories") as server, pytest.MonkeyPatch.context() as patched:
        point_to(patched, server, root / "cache")
        yield server


@pytest.fixture(scope="module")
def url(hub: HubServer) -> Iterator[str]:
    """The app with stand-ins for its own models; another captioner is opened truly."""
    import mm_demo
    from mm_demo.ui.app import launch
    from mm_demo.ui.models import Models
    from tests.ui.fakes import fake

    def opened(name: str, model: str | None) -> Any:
        return fake(name, delay=0.25) if model is None else mm_demo.load(name, model, "cpu")

    app = launch(Models(opened), port=None, quiet=True)
    yield app.local_url
    app.close()


def row_of(page: Any) -> Any:
    page.get_by_role("tab", name="Models", exact=True).click()
    row = page.locator("#models-list li", has_text=TITLE)
    row.wait_for()
    return row


def button(row: Any, name: str) -> Any:
    return row.get_by_role("button", name=f"{name}: {TITLE}")


def done(row: Any) -> float:
    return float(row.locator("progress").evaluate("bar => bar.value"))


def status(page: Any) -> str:
    return str(page.locator("#status .status > span").first.inner_text())


def captioned(page: Any, picture_file: Path) -> list[str]:
    """The words of a new caption of the picture."""
    page.locator("#caption-picture input[type=file]").first.set_input_files(str(picture_file))
    page.locator("#caption-view .attention[data-state=done]").wait_for()
    return list(page.locator("#caption-view [role=option] b").all_inner_texts())


def test_a_model_is_got_used_and_deleted(page: Any, hub: HubServer, picture_file: Path) -> None:
    words = captioned(page, picture_file)
    assert words[:3] == ["a", "red", "star"]
    row = row_of(page)
    assert row.locator(".state").inner_text() == "not on this machine"
    hub.faults.bytes_per_second = SLOW
    button(row, "Get").click()
    page.wait_for_function("() => document.querySelector('#models-list progress:not([hidden])')?.value > 0.1")
    before = done(row)
    page.wait_for_function(
        "before => document.querySelector('#models-list progress:not([hidden])').value > before", arg=before
    )
    assert "MB/s" in row.locator(".state").inner_text() or "kB/s" in row.locator(".state").inner_text()
    button(row, "Cancel").focus()
    page.wait_for_timeout(1500)
    assert page.evaluate("document.activeElement.dataset.action") == "cancel", "progress must not take the focus away"
    button(row, "Cancel").click()
    button(row, "Get").wait_for()
    assert "partly here" in row.locator(".state").inner_text()

    kept = hub.sent(".safetensors")
    assert kept > 0
    hub.faults.bytes_per_second = QUICK
    button(row, "Get").click()
    button(row, "Use it").wait_for()
    whole = (hub.folder / ID / "model.safetensors").stat().st_size
    assert hub.sent(".safetensors") - kept < whole - kept / 2, "it must go on, not begin anew"

    button(row, "Use it").click()
    row.get_by_text("in use", exact=True).wait_for()
    assert ID in status(page) and "hub" in status(page)
    page.get_by_role("tab", name="Caption", exact=True).click()
    page.locator("#caption-view .attention[data-state=empty]").wait_for()
    assert page.locator("#caption-verdict").inner_text() == ""
    assert page.locator("#caption-model input").input_value() == TITLE
    page.get_by_role("button", name="Caption it").click()
    page.locator("#caption-view .attention[data-state=done]").wait_for()
    other = page.locator("#caption-view [role=option] b").all_inner_texts()
    assert len(other) > 10 and other[:3] != words[:3]

    row = row_of(page)
    button(row, "Free the space").click()
    button(row, "Keep it").click()
    button(row, "Free the space").click()
    button(row, "Delete").click()
    button(row, "Get").wait_for()
    assert row.locator(".state").inner_text() == "not on this machine" and "fake-captioner" in status(page)
    page.get_by_role("tab", name="Caption", exact=True).click()
    assert page.locator("#caption-model input").input_value() == "fake-captioner"
    page.locator("#caption-view .attention[data-state=empty]").wait_for()
    page.get_by_role("button", name="Caption it").click()
    page.locator("#caption-view .attention[data-state=done]").wait_for()
    assert page.locator("#caption-view [role=option] b").all_inner_texts() == words


def test_a_model_is_changed_where_it_is_used_while_an_answer_is_on_its_way(page: Any, picture_file: Path) -> None:
    page.locator("#caption-picture input[type=file]").first.set_input_files(str(picture_file))
    page.locator("#caption-view .attention[data-state=busy] [role=option]").first.wait_for()
    page.locator("#caption-model input").click()
    page.get_by_role("option", name="Scenes captioner (embedded)").click()
    page.get_by_text("blip-caption-scenes").first.wait_for()
    page.locator("#caption-view .attention[data-state=empty]").wait_for()
    page.wait_for_timeout(2500)  # as long as the other model's caption would have taken
    assert page.locator("#caption-view .attention").get_attribute("data-state") == "empty"
    assert page.locator("#caption-view [role=option]").count() == 0
    page.get_by_role("button", name="Caption it").click()
    page.locator("#caption-view .attention[data-state=done]").wait_for()
    assert page.locator("#caption-verdict .evidence-line").count() or page.locator("#caption-check").count()
    page.get_by_role("tab", name="Ask a question").click()
    assert page.locator("#vqa-model input").input_value() == "fake-answerer", "each task has its own"


def test_everybody_sees_a_download_and_each_chooses_for_themselves(
    page: Any, browser: Any, url: str, hub: HubServer
) -> None:
    row = row_of(page)
    hub.faults.bytes_per_second = SLOW
    button(row, "Get").click()
    row.locator("progress:not([hidden])").wait_for()
    context = browser.new_context()
    context.set_default_timeout(60_000)
    second = context.new_page()
    second.goto(url)
    second.get_by_text("ready").nth(1).wait_for()
    theirs = row_of(second)
    theirs.locator("progress:not([hidden])").wait_for()
    second.close()
    hub.faults.bytes_per_second = QUICK
    button(row, "Use it").wait_for()
    button(row, "Use it").click()
    row.get_by_text("in use", exact=True).wait_for()
    second = context.new_page()
    second.goto(url)
    second.get_by_text("ready").nth(1).wait_for()
    theirs = row_of(second)
    button(theirs, "Use it").wait_for()
    assert ID not in status(second) and ID in status(page)
    context.close()


def test_another_model_by_its_name_and_a_name_that_is_none(page: Any) -> None:
    page.get_by_role("tab", name="Models", exact=True).click()
    page.get_by_label("Another model").fill("<img src=x onerror=alert(1)>")
    page.get_by_role("button", name="Get or use it").click()
    page.locator("#models-list .said").get_by_text("no model's id").wait_for()
    assert page.locator("#models-list img").count() == 0
    page.get_by_label("Another model").fill("someone/nothing")
    page.get_by_role("button", name="Get or use it").click()
    row = page.locator("#models-list li", has_text="someone/nothing")
    row.locator("xpath=self::*[@data-state='failed']").wait_for()
    assert row.locator(".state").inner_text().endswith(".")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_list_fits_a_phone(browser: Any, url: str, scheme: str) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844}, color_scheme=scheme, has_touch=True)
    page = context.new_page()
    page.goto(url)
    page.get_by_text("ready").nth(1).wait_for(timeout=60_000)
    row_of(page)
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    context.close()
