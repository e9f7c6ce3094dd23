"""What people bring to be searched: taken in within limits, indexed behind the page, gone when nobody needs it."""

from __future__ import annotations

import gc
import threading
import zipfile
from pathlib import Path
from typing import Any

import gradio as gr
import pytest
from PIL import Image

from mm_demo.errors import UserError
from mm_demo.index import Limits
from mm_demo.ui.models import Models
from mm_demo.ui.retrieval.gallery import FOLDER, GENERATED, UPLOAD, GallerySource, Own
from mm_demo.ui.retrieval.indexing import Indexing, generated
from mm_demo.ui.retrieval.own_gallery import check_folder, from_this_machine, received
from mm_demo.ui.turns import Turns
from tests.ui.fake_retrieval import FakeRetrieval
from tests.ui.fakes_common import Info, silent
from tests.ui.sessions import page_of


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    """red.png, green.png, blue.png"""
    paths = []
    for colour in ("red", "green", "blue"):
        Image.new("RGB", (40, 30), colour).save(tmp_path / f"{colour}.png")
        paths.append(str(tmp_path / f"{colour}.png"))
    return paths


def source(local: bool = False, delay: float = 0.0) -> GallerySource:
    with gr.Blocks():
        return GallerySource(Models(lambda name, model: FakeRetrieval(delay), ("retrieval",)), local)


def names(own: Own) -> list[str]:
    return sorted(path.name for path, _ in own.runs.indexing().gallery().rows)


def test_pictures_and_zips_come_together_and_go_with_the_last_reference(files: list[str], tmp_path: Path) -> None:
    packed = tmp_path / "more.zip"
    with zipfile.ZipFile(packed, "w") as made:
        made.write(files[0], "deep/red.png")
        made.writestr("readme.txt", "no picture")
    (tmp_path / "sub").mkdir()
    twin = tmp_path / "sub" / "red.png"
    twin.write_bytes(Path(files[1]).read_bytes())
    notes = tmp_path / "notes.txt"
    notes.write_text("x")
    sent = received([*files, str(packed), str(twin), str(notes)])
    found = sorted(str(p.relative_to(sent.pictures)) for p in sent.pictures.rglob("*.png"))
    assert found == ["blue.png", "green.png", "more/deep/red.png", "red (2).png", "red.png"]
    assert sent.others == ["notes.txt"]
    place = Path(sent.place.name)
    del sent
    gc.collect()
    assert not place.exists()


def test_too_much_or_nothing_is_one_sentence_and_leaves_nothing(files: list[str], tmp_path: Path) -> None:
    broken = tmp_path / "broken.zip"
    broken.write_bytes(b"PK\x03\x04 and no more")
    notes = tmp_path / "notes.txt"
    notes.write_text("x")
    empty = tmp_path / "empty.zip"
    with zipfile.ZipFile(empty, "w") as made:
        made.writestr("readme.txt", "x")
    for sent, limits in (
        ([str(broken)], Limits()),
        ([str(empty)], Limits()),
        ([str(notes)], Limits()),
        ([], Limits()),
        (files, Limits(files=2)),
        (files, Limits(total_bytes=Path(files[0]).stat().st_size + 1)),
    ):
        with pytest.raises(UserError) as caught:
            received(sent, limits)
        assert str(caught.value).endswith(".") and "\n" not in str(caught.value) and "/" not in str(caught.value)


def test_an_upload_is_indexed_and_says_what_was_passed_over(files: list[str], tmp_path: Path) -> None:
    bad = tmp_path / "<b>bad.png"
    bad.write_text("no picture")
    tab = source()
    *_, (line, cancel, own) = tab._upload([*files, str(bad)], None, Turns())
    assert names(own) == ["blue.png", "green.png", "red.png"]
    assert "3 pictures can be searched" in line and "1 file was passed over" in line
    assert "&lt;b&gt;bad.png" in line and "<b>bad" not in line and str(own.sent.place.name) not in line
    assert cancel["visible"] is False


def test_only_broken_pictures_are_one_sentence(tmp_path: Path) -> None:
    bad = tmp_path / "bad.png"
    bad.write_text("no picture")
    *_, (line, _, own) = source()._upload([str(bad)], None, Turns())
    assert "None of these pictures can be read" in line and 'role="alert"' in line
    with pytest.raises(UserError, match="None of these"):
        own.runs.indexing().gallery()


def test_indexing_can_be_cancelled_and_what_is_done_is_searched(files: list[str]) -> None:
    tab = source(delay=3)
    updates = tab._upload(files, None, Turns())
    line, cancel, own = next(updates)
    assert cancel["visible"] and ("Indexing" in line or "Looking" in line)
    while own.runs.indexing().done < 1:
        next(updates)
    own.runs.indexing().cancel.set()
    *_, (line, cancel, _) = updates
    assert "Cancelled" in line and cancel["visible"] is False
    assert 1 <= len(own.runs.indexing().gallery()) < 3


def test_a_second_upload_ends_the_first(files: list[str]) -> None:
    tab = source(delay=3)
    slow = tab._upload(files, None, Turns())
    own = next(slow)[2]
    second = tab._upload(files[:1], own, Turns())
    next(second)
    assert own.runs.indexing().cancel.is_set() and list(slow) == []


def test_a_gallery_that_was_not_brought_is_asked_for() -> None:
    tab = source(local=True)
    for kind, what in ((UPLOAD, "upload pictures"), (FOLDER, "name a folder")):
        with pytest.raises(UserError, match=what):
            tab.under_way(kind, None)


class Request:
    """A request as the handlers see it."""

    def __init__(self, client: str, **headers: str) -> None:
        self.client = type("Client", (), {"host": client})()
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


def test_a_folder_is_read_only_for_this_machines_own_user(files: list[str]) -> None:
    folder = str(Path(files[0]).parent)
    here: Any = Request("127.0.0.1", host="localhost:7860")
    *_, (line, _, own) = source(local=True)._folder(folder, None, Turns(), here)
    assert "3 pictures" in line and own.sent is None
    elsewhere: list[Any] = [
        Request("10.0.0.9", host="localhost:7860"),
        Request("127.0.0.1", host="evil.example:7860"),
        Request("127.0.0.1", host="localhost", x_forwarded_for="1.2.3.4"),
    ]
    for request in elsewhere:
        ((line, _, _),) = source(local=True)._folder(folder, None, Turns(), request)
        assert "reads only what it was given" in line
    ((line, _, _),) = source(local=False)._folder(folder, None, Turns(), here)
    assert "reads only what it was given" in line
    with pytest.raises(UserError, match="no folder yet"):
        check_folder("  ", True)
    assert FOLDER not in [value for _, value in source(local=False).kind.choices]


@pytest.mark.parametrize(
    "client, host, own",
    [
        ("::1", "[::1]:7860", True),
        ("127.0.0.1", "127.0.0.1", True),
        ("127.0.0.1", "", False),
        (None, "localhost", False),
    ],
)
def test_names_of_this_machine(client: str | None, host: str, own: bool) -> None:
    assert from_this_machine(client, {"host": host}) is own


def test_the_generated_gallery_is_indexed_once_for_all_and_again_after_a_failure(
    monkeypatch: pytest.MonkeyPatch, files: list[str]
) -> None:
    runs: list[int] = []
    folder = Path(files[0]).parent

    def bundled() -> Path:
        runs.append(1)
        if len(runs) == 1:
            raise UserError("The disk is full.")
        return folder

    monkeypatch.setattr("mm_demo.tasks.gallery.bundled_gallery", bundled)
    shared = generated(Models(lambda name, model: FakeRetrieval(), ("retrieval",)))
    with pytest.raises(UserError, match="disk is full"):
        shared.indexing().gallery()
    assert len(shared.indexing().gallery()) == 3 and shared.indexing() is shared.indexing()
    assert len(runs) == 2


def test_watching_an_indexing_ends_with_it() -> None:
    go = threading.Event()

    def work(task: str, progress: Any, cancel: threading.Event) -> str:
        assert task == "the task"
        progress(1, 2, Path("a"))
        go.wait(10)
        return "done"

    run = Indexing(lambda: "the task", work)
    seen = run.watch()
    next(seen)
    assert run.running and next(seen) == (1, 2)
    go.set()
    assert list(seen)[-1:] in ([], [(1, 2)]) and run.gallery() == "done" and not run.failed


def test_the_generated_gallery_is_shown_while_another_is_kept(
    monkeypatch: pytest.MonkeyPatch, files: list[str]
) -> None:
    monkeypatch.setattr("mm_demo.tasks.gallery.bundled_gallery", lambda: Path(files[0]).parent)
    tab = source()
    *_, (_, _, own) = tab._upload(files[:1], None, Turns())
    *_, (line, _) = tab.show(GENERATED, own, Turns())
    assert "3 pictures" in line and "1 picture " in list(tab.show(UPLOAD, own, Turns()))[-1][0]


def test_the_line_is_about_the_gallery_chosen_last(monkeypatch: pytest.MonkeyPatch, files: list[str]) -> None:
    monkeypatch.setattr("mm_demo.tasks.gallery.bundled_gallery", lambda: Path(files[0]).parent)
    tab, turns = source(delay=0.5), Turns()
    slow = tab.show(GENERATED, None, turns)
    assert "picture" in next(slow)[0]
    assert tab._fields(UPLOAD, turns)[2] == "" and list(tab.show(UPLOAD, None, turns)) == []
    *_, (line, _, own) = tab._upload(files[:1], None, turns)
    assert "1 picture " in line and silent(slow)
    upload = tab._upload(files[:2], own, turns)
    next(upload)
    tab._fields(GENERATED, turns)
    *_, (line, _, own) = upload
    assert "value" not in line and len(own.runs.indexing().gallery()) == 2, "kept, though the line is another's by now"


def test_a_gallery_is_indexed_once_for_each_model_and_found_in_by_that_one(files: list[str]) -> None:
    made: list[str | None] = []

    def factory(name: str, model: str | None) -> FakeRetrieval:
        made.append(model)
        task = FakeRetrieval()
        task.info = Info(model or "fake-matcher")
        return task

    models = Models(factory, ("retrieval",))
    models.get("retrieval")
    with gr.Blocks():
        tab = GallerySource(models, False)
    *_, (_, _, own) = tab._upload(files, None, Turns())
    with page_of("anna"):
        first = tab.under_way(UPLOAD, own)
        models.want("retrieval", "other")()
        second = tab.under_way(UPLOAD, own)
        assert second is not first and tab.under_way(UPLOAD, own) is second
        assert len(second.gallery()) == 3 and second.task().info.id == "other"
        models.want("retrieval", "fake-matcher")()
        assert tab.under_way(UPLOAD, own) is first and first.task().info.id == "fake-matcher"
    assert tab.under_way(UPLOAD, own) is first and made == [None, "other"]
    own.stop()
    assert first.cancel.is_set() and second.cancel.is_set()
