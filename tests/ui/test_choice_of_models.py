"""Each session has the models that it chose, whatever others choose."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from mm_demo.errors import UserError
from mm_demo.ui import sessions
from mm_demo.ui.models import Models
from mm_demo.ui.sessions import Sessions
from mm_demo.ui.status import status_line
from tests.ui.fakes import fake
from tests.ui.sessions import page_of


def choose(models: Models, name: str, model: str) -> Any:
    return models.want(name, model)()


def test_each_session_gets_the_model_it_chose_and_everybody_else_the_default() -> None:
    opened: list[tuple[str, str | None]] = []

    def factory(name: str, model: str | None) -> Any:
        opened.append((name, model))
        return fake(name, model)

    models = Models(factory)
    for page in ("anna", "ben"):
        with page_of(page):
            assert choose(models, "vqa", "big/one").info.id == "big/one"
    with page_of("anna"):
        assert models.get("vqa").info.id == "big/one" and models.get("caption").info.id == "fake-captioner"
        assert "big/one" in status_line(models) and models.opened("vqa") == ("big/one",)
    with page_of("carl"):
        assert models.get("vqa").info.id == "fake-answerer" and "big/one" not in status_line(models)
        assert models.opened("vqa") == ()
    assert models.get("vqa").info.id == "fake-answerer" and models.get("vqa", "big/one").info.id == "big/one"
    assert opened.count(("vqa", "big/one")) == 1 and opened.count(("vqa", None)) == 1


def test_choosing_the_default_by_its_id_opens_nothing_anew() -> None:
    opened: list[str | None] = []

    def factory(name: str, model: str | None) -> Any:
        opened.append(model)
        return fake(name, model)

    models = Models(factory)
    default = models.get("caption")
    with page_of("anna"):
        choose(models, "caption", "big/one")
        assert choose(models, "caption", default.info.id) is default is models.get("caption")
        assert models.opened("caption") == ("big/one",)
    assert opened == [None, "big/one"]


def test_a_model_that_cant_be_loaded_leaves_the_session_what_it_had() -> None:
    def factory(name: str, model: str | None) -> Any:
        if model == "broken":
            raise UserError("The model 'broken' is damaged.")
        return fake(name, model)

    models = Models(factory)
    models.get("caption")
    with page_of("anna"):
        choose(models, "caption", "big/one")
        load = models.want("caption", "broken")
        assert "loading" in status_line(models) and "broken…" in status_line(models)
        with pytest.raises(UserError, match="damaged"):
            load()
        assert models.get("caption").info.id == "big/one" and models.loading("caption") is None
        assert models.state("caption").name == "ready"


def test_of_two_choices_the_later_one_holds_though_the_earlier_is_loaded_last() -> None:
    go = threading.Event()

    def factory(name: str, model: str | None) -> Any:
        if model == "slow":
            go.wait(10)
        return fake(name, model)

    models = Models(factory, ["caption", "vqa"])
    models.get("caption")
    got: list[Any] = []
    with page_of("anna"):
        slow = models.want("caption", "slow")
        thread = threading.Thread(target=lambda: got.append(slow()))
        quick = models.want("caption", "fake-captioner")
    thread.start()
    assert quick().info.id == "fake-captioner"
    go.set()
    thread.join()
    with page_of("anna"):
        assert got == [None] and models.chosen("caption") == "" and models.loading("caption") is None


def test_a_deleted_model_goes_from_who_deleted_it_and_stays_with_who_uses_it() -> None:
    models = Models(fake)
    models.get("caption")
    for page in ("anna", "ben"):
        with page_of(page):
            choose(models, "caption", "big/one")
    with page_of("anna"):
        assert models.let_go("big/one") == ["caption"] and models.let_go("big/one") == []
        assert models.get("caption").info.id == "fake-captioner" and models.opened("caption") == ()
    with page_of("ben"):
        assert models.ready("caption").info.id == "big/one"
        assert models.let_go("big/one") == ["caption"]
    assert models.ready("caption", "big/one") is None


def test_what_a_session_chose_is_forgotten_when_it_ends_and_when_too_many_came_since(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    models = Models(fake)
    models.get("caption")
    with page_of("anna"):
        choose(models, "caption", "big/one")
        models.forget("anna")
        assert models.chosen("caption") == ""
    models.forget(None)
    monkeypatch.setattr(sessions, "_MOST", 2)
    kept = Sessions()
    for page in ("a", "b", "a", "c"):
        with page_of(page):
            kept.begin().chosen["vqa"] = page
    for page, chosen in {"a": "a", "b": None, "c": "c"}.items():
        with page_of(page):
            assert kept.caller().chosen.get("vqa") == chosen


def test_what_runs_outside_of_any_event_chooses_for_nobody() -> None:
    models = Models(fake)
    assert choose(models, "caption", "big/one").info.id == "big/one"
    assert models.get("caption").info.id == "fake-captioner"
