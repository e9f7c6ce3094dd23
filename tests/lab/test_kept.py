"""Kept data: made once, made again when damaged or when what they are made from changed, never half written."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mm_demo.lab.data import kept as module
from mm_demo.lab.data.kept import Arrays, kept


class Maker:
    def __init__(self) -> None:
        self.times = 0

    def __call__(self) -> Arrays:
        self.times += 1
        return {"numbers": np.arange(1_000), "texts": np.array(["où", "there"])}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(module, "FOLDER", tmp_path / "cache")
    return tmp_path / "cache"


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "weights"
    path.write_bytes(b"one")
    return path


def test_made_once_and_again_for_another_source(folder: Path, source: Path) -> None:
    make = Maker()
    first = kept("data", [source], make)
    again = kept("data", [source], make)
    assert make.times == 1 and again.keys() == first.keys()
    assert all(np.array_equal(again[name], first[name]) for name in first)
    source.write_bytes(b"two")
    kept("data", [source], make)
    assert make.times == 2 and len(list(folder.iterdir())) == 2


@pytest.mark.parametrize("keep", [0, 10, 0.5, 0.98])
def test_a_damaged_file_is_made_again(folder: Path, source: Path, keep: float) -> None:
    make = Maker()
    kept("data", [source], make)
    (path,) = folder.iterdir()
    whole = path.read_bytes()
    path.write_bytes(whole[: int(keep if keep >= 1 else keep * len(whole))])
    assert np.array_equal(kept("data", [source], make)["numbers"], np.arange(1_000))
    assert make.times == 2 and path.read_bytes() == whole and [path] == list(folder.iterdir())


def test_a_changed_byte_is_noticed(folder: Path, source: Path) -> None:
    make = Maker()
    kept("data", [source], make)
    (path,) = folder.iterdir()
    data = bytearray(path.read_bytes())
    data[2_000] ^= 1
    path.write_bytes(data)
    assert np.array_equal(kept("data", [source], make)["numbers"], np.arange(1_000)) and make.times == 2


def test_without_a_place_to_keep_them_they_are_there_all_the_same(
    folder: Path, source: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder.write_text("a file where the folder should be")
    assert len(kept("data", [source], Maker())["numbers"]) == 1_000
    assert "can't be kept" in capsys.readouterr().err
