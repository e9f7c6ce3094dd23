"""What may be opened and changed from where: a stranger neither reads folders nor fills the disk."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from mm_demo.errors import UserError
from mm_demo.models.hub import cache
from mm_demo.ui.hub.naming import ALLOWED, is_here, may_change, own_user, read_model, read_name
from tests.ui.sessions import request


def test_only_this_machines_own_user_changes_the_disk_unless_that_is_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(ALLOWED, raising=False)
    near = request("a")
    strangers = [
        None,
        request("b", client="10.0.0.7"),
        request("c", headers={"host": "demo.example.org"}),
        request("d", headers={"host": "localhost", "x-forwarded-for": "10.0.0.7"}),
    ]
    assert may_change(True, near) and not may_change(False, near)
    assert not any(may_change(True, one) for one in strangers)
    monkeypatch.setenv(ALLOWED, "1")
    assert may_change(False, strangers[1]) and not own_user(True, strangers[1])
    monkeypatch.setenv(ALLOWED, "0")
    assert not may_change(False, near)


def test_ids_are_read_by_all_and_folders_by_the_own_user_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "owner" / "name").mkdir(parents=True)
    assert read_name(" Salesforce/blip-vqa-base ", "vqa", own=False) == "Salesforce/blip-vqa-base"
    assert read_name("someone/else-1.5", "vqa", own=False) == "someone/else-1.5"
    assert (
        read_name("owner/name", "vqa", own=True)
        == str(tmp_path / "owner" / "name")
        == read_name(str(tmp_path / "owner" / "name" / ".." / "name"), "vqa", own=True)
    )
    for wrong in ("", None, "owner/name", str(tmp_path), "../x", "~", "a/b/c", "a b", "<img src=x>", "a" * 400, "\0"):
        with pytest.raises(UserError) as caught:
            read_name(wrong, "vqa", own=False)
        assert str(caught.value).endswith(".") and len(str(caught.value)) < 300
    with pytest.raises(UserError, match="no folder"):
        read_name(os.sep + "nowhere", "vqa", own=True)


def test_programs_name_only_what_is_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "local_folder", lambda name: Path("x") if name == "someone/here" else None)
    assert read_model("", "caption") is None and read_model(None, "caption") is None
    assert read_model("blip-caption-scenes", "caption") == "blip-caption-scenes"
    assert read_model("someone/here", "caption") == "someone/here"
    with pytest.raises(UserError, match="not on this machine"):
        read_model("someone/there", "caption")
    assert is_here("someone/here") and not is_here("someone/there") and is_here(os.curdir)
