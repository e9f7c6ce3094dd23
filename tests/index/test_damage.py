"""Folders that are no index, or no longer one, are refused with a sentence and left as they are."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import lancedb
import pyarrow
import pytest
from PIL import Image

from mm_demo.errors import UserError
from mm_demo.index import PictureIndex, store
from mm_demo.tasks.inputs import read_image
from tests.index.colours import Colours, save_pictures, vector


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    save_pictures(tmp_path / "pictures", 6)
    PictureIndex.open(tmp_path / "index").build(tmp_path / "pictures", Colours(), read_image)
    return tmp_path


def tables(folder: Path) -> Path:
    return folder / "index" / "pictures.lance"


def cut_manifests(folder: Path) -> None:
    for path in (tables(folder) / "_versions").iterdir():
        path.write_bytes(path.read_bytes()[:40])


def lose_data(folder: Path) -> None:
    shutil.rmtree(tables(folder) / "data")


def garble_data(folder: Path) -> None:
    for path in (tables(folder) / "data").iterdir():
        path.write_bytes(bytes(path.stat().st_size))


@pytest.mark.parametrize("harm", [cut_manifests, lose_data, garble_data])
def test_a_damaged_index(folder: Path, harm: Callable[[Path], None]) -> None:
    harm(folder)
    with pytest.raises(UserError, match="damaged, half-written or from a newer version"):
        PictureIndex.open(folder / "index").search(vector(Image.new("RGB", (4, 4), "red")), 3)
    with pytest.raises(UserError, match="damaged, half-written or from a newer version"):
        PictureIndex.open(folder / "index").build(folder / "pictures", Colours(), read_image)


def test_ended_while_the_table_was_made(folder: Path) -> None:
    shutil.rmtree(tables(folder) / "_versions")
    shutil.rmtree(tables(folder) / "data")
    index = PictureIndex.open(folder / "index")
    assert len(index) == 0
    assert index.build(folder / "pictures", Colours(), read_image).added == 6


def test_another_version(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "FORMAT", 2)
    with pytest.raises(UserError, match="made by another version"):
        PictureIndex.open(folder / "index")


@pytest.mark.parametrize("metadata", [None, {"mm_demo.index": "{"}, {"mm_demo.index": json.dumps([1])}])
def test_somebody_elses_table(tmp_path: Path, metadata: dict[str, str] | None) -> None:
    schema = pyarrow.schema([("x", pyarrow.int64())], metadata=metadata)
    lancedb.connect(tmp_path).create_table("pictures", schema=schema)
    with pytest.raises(UserError, match="not an index of pictures|damaged"):
        PictureIndex.open(tmp_path)


def test_a_folder_of_something_else(tmp_path: Path) -> None:
    save_pictures(tmp_path, 3)
    with pytest.raises(UserError, match="not an index of pictures"):
        PictureIndex.open(tmp_path)
    (tmp_path / "file").write_text("text")
    with pytest.raises(UserError, match="not an index of pictures"):
        PictureIndex.open(tmp_path / "file")
