"""Folders, queries and indexes that are not in order: one sentence, nothing lost, and the next command works."""

from __future__ import annotations

import json
import os
import shutil
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock
from PIL import Image

from mm_demo.index import building, store
from mm_demo.index.picture_index import LOCK
from tests.commands.test_mistakes import assert_one_sentence
from tests.index.colours import save_pictures
from tests.tasks.colour_matcher import painted

CommandLine = Callable[..., Any]

pytestmark = pytest.mark.usefixtures("model")


@pytest.mark.parametrize("query", ["", " \n ", "\u200b"])
def test_empty_queries(command: CommandLine, folder: Path, query: str) -> None:
    assert_one_sentence(command("search", folder, query, "--json"), "query is empty")


@pytest.mark.parametrize("query", ["no.png", "there/no.txt", "x" * 100_001])
def test_queries_that_can_not_be_read(command: CommandLine, folder: Path, query: str) -> None:
    assert_one_sentence(command("search", folder, query))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["-k", "0"], "whole number"),
        (["-k", "many"], "many"),
        (["--text-share", "2"], "from 0 to 1"),
        (["--text-share", "0.5"], "--image"),
        (["--image", "no.png"], "no.png"),
    ],
)
def test_bad_options(command: CommandLine, folder: Path, options: list[str], said: str) -> None:
    assert_one_sentence(command("search", folder, "red", *options), said)


def test_two_pictures(command: CommandLine, folder: Path) -> None:
    picture = folder / "a.png"
    assert_one_sentence(command("search", folder, picture, "--image", picture), "two pictures")


def test_folders_with_nothing_to_search(command: CommandLine, tmp_path: Path) -> None:
    (tmp_path / "empty" / "deeper").mkdir(parents=True)
    (tmp_path / "file").write_text("")
    for name, said in (("empty", "no pictures"), ("file", "not a folder"), ("missing\nfolder", "not a folder")):
        for name_of_command, *query in (("search", "red"), ("index",)):
            assert_one_sentence(command(name_of_command, tmp_path / name, *query), said)
    assert not list((tmp_path / "empty" / "deeper").iterdir())


def huge_png(width: int, height: int) -> bytes:
    """A PNG that claims a size, and holds next to nothing."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


def test_bad_pictures_and_folders_among_good_ones(
    command: CommandLine,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (folder / "huge.png").write_bytes(huge_png(50_000, 50_000))
    Image.new("RGB", (50_000, 2), "green").save(folder / "wide.png")
    (folder / "cut.png").write_bytes((folder / "a.png").read_bytes()[:50])
    (folder / "secret").mkdir()
    (folder / "loop").symlink_to(folder)
    (folder / "sub" / "up").symlink_to("..")
    (folder / "itself.png").symlink_to(folder / "itself.png")
    scandir = os.scandir

    def forbidding(place: Any) -> Any:
        if Path(place).name == "secret":
            raise PermissionError(13, "Permission denied")
        return scandir(place)

    monkeypatch.setattr(os, "scandir", forbidding)
    outcome = command("search", folder, "green", "--json")
    answer = json.loads(outcome.out)
    assert outcome.status == 0 and "Traceback" not in outcome.err
    assert {Path(hit["path"]).name for hit in answer["hits"]} == {"a.png", "b.png", "wide.png", "line\nbreak 🌟.png"}
    reasons = {Path(entry["path"]).name: entry["reason"] for entry in answer["skipped"]}
    said = {"huge.png": "million", "cut.png": "damaged", "secret": "permission", "itself.png": "link"}
    assert reasons.keys() == said.keys() and all(said[name] in reason for name, reason in reasons.items())


def test_an_index_that_is_none_of_ours(command: CommandLine, folder: Path, tmp_path: Path) -> None:
    index = tmp_path / "index"
    command("index", folder, "--index", index)
    for options, said in (
        (["--model", "another"], "was made with colours"),
        (["--index", folder], "is not an index"),
        (["--index", folder / "a.png"], "can't be"),
    ):
        where = [] if "--index" in options else ["--index", index]
        outcome = command("search", folder, "red", *options, *where)
        assert outcome.status == 2 and outcome.err.count("\n") == 1, outcome
        assert said in outcome.err or said == "can't be"
    other = tmp_path / "other"
    other.mkdir()
    painted().save(other / "x.png")
    assert_one_sentence(command("search", other, "red", "--index", index), "choose another folder for the index")
    assert command("search", folder, "red", "--index", index).status == 0


def test_an_index_of_another_version_or_half_written(
    command: CommandLine,
    folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    index = tmp_path / "index"
    with monkeypatch.context() as older:
        older.setattr(store.Header.__init__, "__defaults__", (store.FORMAT - 1,))
        command("index", folder, "--index", index)
    assert_one_sentence(command("search", folder, "red", "--index", index), "another version")
    shutil.rmtree(index)
    command("index", folder, "--index", index)
    for manifest in (index / "pictures.lance" / "_versions").iterdir():
        manifest.write_bytes(manifest.read_bytes()[:40])
    assert_one_sentence(command("search", folder, "red", "--index", index), "delete that folder and build")
    shutil.rmtree(index)
    assert command("search", folder, "red", "--index", index).status == 0


def test_the_disk_is_full(command: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save_pictures(tmp_path / "many", 12)
    put, room = store.Store.put, iter([True, True])

    def full(self: store.Store, *rows: Any) -> None:
        if not next(room, False):
            with store.explained(self._folder):
                raise OSError(28, "No space left on device")
        put(self, *rows)

    monkeypatch.setattr(building, "COMMIT_ROWS", 1)
    with monkeypatch.context() as filling:
        filling.setattr(store.Store, "put", full)
        outcome = command("index", tmp_path / "many")
    assert (outcome.status, outcome.out) == (2, "") and "Traceback" not in outcome.err
    assert outcome.err.splitlines()[-1].startswith("mm_demo: The disk is full at")
    again = json.loads(command("index", tmp_path / "many", "--json").out)
    assert (again["kept"], again["added"]) == (8, 4)


def test_two_at_once_on_one_index(command: CommandLine, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "index").mkdir()
    with FileLock(tmp_path / "index" / LOCK):
        assert_one_sentence(command("index", folder, "--index", tmp_path / "index"), "being built already")
    assert command("index", folder, "--index", tmp_path / "index").status == 0
