"""The Models tab's handlers against a hub on this machine: what is listed, got, chosen and deleted."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import gradio as gr
import pytest

import mm_demo
from mm_demo.models import catalog
from mm_demo.models.catalog import CATALOG
from mm_demo.ui.hub.chooser import ModelChooser
from mm_demo.ui.hub.naming import ALLOWED, WHY_NOT
from mm_demo.ui.hub.tab import ModelsTab
from mm_demo.ui.models import Models
from tests.hub_server import HubServer, point_to
from tests.ui.fakes import fake
from tests.ui.sessions import page_of, request

ID = "Salesforce/blip-image-captioning-base"
NEAR, FAR = request("anna"), request("anna", client="10.0.0.7")


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caption_folder: Path) -> Iterator[HubServer]:
    """Serves a tiny captioner under an id of the catalog and under one that is not in it."""
    monkeypatch.delenv(ALLOWED, raising=False)
    for name in (ID, "someone/captions"):
        shutil.copytree(caption_folder, tmp_path / "repositories" / name)
    with HubServer(tmp_path / "repositories") as server:
        point_to(monkeypatch, server, tmp_path / "cache")
        yield server


def opened(name: str, model: str | None) -> Any:
    return mm_demo.load("caption", model, "cpu") if model is not None and name == "caption" else fake(name, model)


class Page:
    """One person's tab; what a handler yields is merged as the browser does it."""

    def __init__(self, local: bool = True) -> None:
        self.models = Models(opened)
        for name in self.models.names:
            self.models.get(name)
        with gr.Blocks():
            line = gr.HTML()
            self.choosers = {name: ModelChooser(name, self.models, line) for name in self.models.names}
            self.tab = ModelsTab(self.models, self.choosers, local)
        self.shown: dict[Any, Any] = {}

    def take(self, updates: Iterable[dict[Any, Any]]) -> dict[Any, Any]:
        merged: dict[Any, Any] = {}
        with page_of("anna"):
            for update in updates:
                merged.update(update)
        self.shown = merged
        return merged

    def act(self, action: str, model: str, task: str = "caption", by: Any = NEAR) -> dict[Any, Any]:
        event = gr.EventData(None, {"action": action, "model": model, "task": task})
        return self.take(self.tab._act(event, by))

    def look(self, by: Any = NEAR) -> dict[str, Any]:
        with page_of("anna"):
            shown: dict[str, Any] = self.tab._look(by)[0]
        return shown

    def row(self, model: str, task: str = "caption", by: Any = NEAR) -> dict[str, Any]:
        (group,) = [group for group in self.look(by)["groups"] if group["task"] == task]
        (row,) = [row for row in group["rows"] if row["model"] == model]
        found: dict[str, Any] = row
        return found

    def got(self, model: str) -> None:
        transfer = self.tab._transfers.of(model)
        assert transfer is not None and transfer.ended.wait(20)


def test_every_card_stands_under_each_of_its_tasks_with_all_that_is_known_of_it(hub: HubServer) -> None:
    groups = Page().look()["groups"]
    listed = {(group["task"], row["model"]) for group in groups for row in group["rows"]}
    assert listed == {(task, card.id) for card in CATALOG for task in card.tasks}
    rows = {row["model"]: row for group in groups for row in group["rows"]}
    blip = rows[ID]
    assert (blip["title"], blip["about"]) == ("BLIP captioning, base", "Captions of photographs.")
    assert blip["state"] == "absent"
    for fact in ("990 MB", "BSD-3-Clause", "of memory"):
        assert fact in blip["facts"]
    assert blip["actions"] == ["get"] and rows["blip-vqa-scenes"]["actions"] == ["use"]
    assert rows["openai/whisper-tiny"]["actions"] == ["get"]


def test_get_use_and_free(hub: HubServer) -> None:
    page = Page()
    page.act("get", ID)
    page.got(ID)
    row = page.row(ID)
    assert row["state"] == "here" and row["actions"] == ["use", "free"] and not row["used"]
    used = page.act("use", ID)
    chooser = page.choosers["caption"]
    assert used[chooser.chosen] == ID and used[chooser.list]["value"] == ID and ID in used[chooser._line]
    assert page.row(ID)["used"] and not page.row("blip-caption-scenes")["used"]
    freed = page.act("free", ID)
    assert freed[chooser.chosen] == "fake-captioner" and freed[chooser.list]["value"] == "fake-captioner"
    assert ID not in [value for _, value in freed[chooser.list]["choices"]]
    row = page.row(ID)
    assert row["state"] == "absent" and not row["used"] and "deleted" in freed[page.tab.view]["said"]
    assert page.choosers["vqa"].list not in freed, "who uses another model keeps what is shown"


def test_a_model_that_is_in_no_catalog_is_got_and_then_used_by_the_same_button(hub: HubServer) -> None:
    page = Page()
    page.take(page.tab._named("someone/captions", "caption", NEAR))
    page.got("someone/captions")
    assert page.row("someone/captions")["actions"] == ["use", "free"]
    used = page.take(page.tab._named("someone/captions", "caption", NEAR))
    assert used[page.choosers["caption"].chosen] == "someone/captions"
    assert used[page.choosers["caption"].list]["value"] == "someone/captions"


def test_a_model_of_another_kind_is_one_sentence_in_its_row_and_nothing_changes(hub: HubServer) -> None:
    page = Page()
    shutil.copytree(hub.folder / ID, hub.folder / "someone" / "strange")
    config = hub.folder / "someone" / "strange" / "config.json"
    config.write_text(config.read_text().replace("BlipForConditionalGeneration", "<b>Strange</b>"))
    page.act("get", "someone/strange")
    page.got("someone/strange")
    failed = page.act("use", "someone/strange")
    said = failed[page.tab.view]["said"]
    assert "Strange" in said and "\n" not in said and failed[page.tab.view]["about"] == "caption someone/strange"
    chooser = page.choosers["caption"]
    assert chooser.chosen not in failed and failed[chooser.list]["value"] == "fake-captioner"
    assert "<b>" not in failed[chooser.said]["value"], "what a stranger's file says is text"
    with page_of("anna"):
        assert page.models.get("caption").info.id == "fake-captioner"


def test_a_name_that_the_hub_does_not_know_is_one_sentence_in_its_row(hub: HubServer) -> None:
    page = Page()
    page.take(page.tab._named("someone/nothing", "caption", NEAR))
    page.got("someone/nothing")
    row = page.row("someone/nothing")
    assert row["state"] == "failed" and row["status"].endswith(".") and row["actions"] == ["get"]
    assert page.take(page.tab._named("", "caption", NEAR))[page.tab.view]["said"].startswith("There is no name yet")


@pytest.mark.parametrize(("local", "by"), [(False, NEAR), (True, FAR)])
def test_strangers_use_what_is_here_and_change_nothing(hub: HubServer, local: bool, by: Any) -> None:
    page = Page(local)
    shown = page.look(by)
    assert shown["why"] == WHY_NOT
    assert {action for group in shown["groups"] for row in group["rows"] for action in row["actions"]} == {"use"}
    for action in ("get", "cancel", "free"):
        assert page.act(action, ID, by=by)[page.tab.view]["said"] == WHY_NOT
    assert page.take(page.tab._named("someone/captions", "caption", by))[page.tab.view]["said"] == WHY_NOT
    assert "no model's id" in page.act("use", str(hub.folder / ID), by=by)[page.tab.view]["said"]
    assert not [one for one in hub.requests if "models" in one.path] and page.tab._transfers.all() == []
    used = page.act("use", "blip-caption-scenes", by=by)
    assert used[page.choosers["caption"].chosen] == "blip-caption-scenes"


def test_the_own_user_opens_a_folder(hub: HubServer) -> None:
    page = Page()
    folder = str(hub.folder / ID)
    used = page.take(page.tab._named(folder, "caption", NEAR))
    assert used[page.choosers["caption"].chosen] == folder
    row = page.row(folder)
    assert row["used"] and row["actions"] == [] and row["state"] == "here"
    assert "neither" in page.act("free", folder)[page.tab.view]["said"] and Path(folder).is_dir()


def test_what_is_half_here_says_how_much(hub: HubServer, monkeypatch: pytest.MonkeyPatch) -> None:
    page = Page()
    monkeypatch.setattr("mm_demo.models.hub.cache.bytes_here", lambda model: 45_000_000 if model == ID else 0)
    row = page.row(ID)
    assert row["state"] == "partly" and row["status"] == "partly here: 45 MB of 990 MB"
    assert row["actions"] == ["get", "free"]


def test_text_from_the_catalog_and_the_hub_goes_out_as_text_for_the_page_to_escape(
    hub: HubServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = (Path(mm_demo.__file__).parent / "ui" / "hub" / "view.js").read_text()
    assert "innerHTML" not in script and "insertAdjacentHTML" not in script
    cards = tuple(replace(card, title="<i>x</i>") for card in catalog.CATALOG)
    monkeypatch.setattr("mm_demo.ui.hub.listing.CATALOG", cards)
    assert Page().row(ID)["title"] == "<i>x</i>"
