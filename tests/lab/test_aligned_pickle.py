"""Pickles of features: arrays come out, and nothing in them is run."""

from __future__ import annotations

import os
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mm_demo.errors import UserError
from mm_demo.lab.data.aligned_pickle import convert
from mm_demo.lab.data.own import own


def content(n: int = 12) -> dict[str, Any]:
    random = np.random.default_rng(0)
    ratings = np.linspace(-3, 3, n).round(1)[:, None, None]
    ratings[5] = 0
    audio = random.normal(size=(n, 4, 2))
    audio[0, 0, 0] = -np.inf
    part = {
        "text": random.normal(size=(n, 4, 3)),
        "audio": audio,
        "vision": audio * 2,
        "labels": ratings,
        "id": ["a"] * n,
    }
    return {"train": part, "valid": part, "test": part}


@pytest.mark.parametrize("protocol", [2, 4, 5])
def test_arrays_come_out(tmp_path: Path, protocol: int) -> None:
    (tmp_path / "a.pkl").write_bytes(pickle.dumps(content(), protocol))
    convert(tmp_path / "a.pkl", tmp_path / "a.npz")
    data = own(tmp_path / "a.npz")
    assert data.names == ("audio", "text", "vision") and data.classes == ("negative", "positive")
    assert [len(data.splits[split]) for split in ("train", "validation", "test")] == [11, 11, 11], "rated 0 is left out"
    assert data.labels[:11].tolist() == [0] * 5 + [1] * 6


class Attack:
    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, (f"touch {self.target}",)


def test_nothing_is_run(tmp_path: Path) -> None:
    (tmp_path / "a.pkl").write_bytes(pickle.dumps({**content(), "train": Attack(tmp_path / "run")}))
    with pytest.raises(UserError, match="could run code"):
        convert(tmp_path / "a.pkl", tmp_path / "a.npz")
    assert not (tmp_path / "run").exists() and not (tmp_path / "a.npz").exists()


@pytest.mark.parametrize("name", ["numpy.f2py.diagnose\nrun", "builtins\neval", "numpy\nload", "posix\nsystem"])
def test_nothing_else_is_known(tmp_path: Path, name: str) -> None:
    (tmp_path / "a.pkl").write_bytes(f"c{name}\n.".encode())
    with pytest.raises(UserError, match="could run code"):
        convert(tmp_path / "a.pkl", tmp_path / "a.npz")


@pytest.mark.parametrize("raw", [b"", b"hello", pickle.dumps([1]), pickle.dumps({"train": {"text": [1]}})])
def test_what_is_none(tmp_path: Path, raw: bytes) -> None:
    (tmp_path / "a.pkl").write_bytes(raw)
    with pytest.raises(UserError):
        convert(tmp_path / "a.pkl", tmp_path / "a.npz")
