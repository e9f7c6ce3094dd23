"""A person's own arrays: what is read, and what is refused with one sentence."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from mm_demo.errors import UserError
from mm_demo.lab.data import arrays as arrays_module
from mm_demo.lab.data.own import own

N = 40


def good(**changes: Any) -> dict[str, Any]:
    random = np.random.default_rng(0)
    content = {
        "labels": np.arange(N) % 2,
        "text": random.normal(3, 2, (N, 5)),
        "audio": random.normal(0, 1, (N, 6, 3)),
    }
    content.update(changes)
    return {name: value for name, value in content.items() if value is not None}


def save(path: Path, content: dict[str, Any]) -> Path:
    np.savez(path / "mine.npz", **content)
    return path / "mine.npz"


def save_folder(path: Path, content: dict[str, Any]) -> Path:
    for name, value in content.items():
        np.save(path / f"{name}.npy", value)
    return path


@pytest.mark.parametrize("write", [save, save_folder])
def test_what_is_read(tmp_path: Path, write: Any) -> None:
    mask = np.ones((N, 6), bool)
    mask[3, 2:] = False
    content = good(labels=np.array(["yes", "no"])[np.arange(N) % 2], audio_mask=mask)
    content["audio"][3, 2:] = np.nan  # masked, so that it isn't looked at
    data = own(write(tmp_path, content))
    assert data.classes == ("no", "yes") and data.names == ("audio", "text")
    assert data.labels.tolist() == [1, 0] * (N // 2)
    assert data.modalities["text"].states.shape == (N, 1, 5)
    assert torch.equal(data.modalities["audio"].mask, torch.from_numpy(mask))
    assert data.modalities["audio"].states.isfinite().all()
    train = data.modalities["text"].states[data.splits["train"], 0]
    torch.testing.assert_close(train.mean(0), torch.zeros(5), atol=1e-5, rtol=0)
    torch.testing.assert_close(train.std(0, correction=0), torch.ones(5))


def test_given_splits_are_kept(tmp_path: Path) -> None:
    split = np.array(["train"] * 20 + ["validation"] * 8 + ["test"] * 12)
    data = own(save(tmp_path, good(split=split)))
    assert data.splits["validation"].tolist() == list(range(20, 28))


def test_drawn_splits_hold_every_class_and_share_nothing(tmp_path: Path) -> None:
    data = own(save(tmp_path, good(labels=np.array([0] * 3 + [1] * 37))))
    for rows in data.splits.values():
        assert data.labels[rows].unique().tolist() == [0, 1]
    assert torch.cat(list(data.splits.values())).sort().values.tolist() == list(range(N))


def test_whole_floats_and_a_column_are_labels(tmp_path: Path) -> None:
    data = own(save(tmp_path, good(labels=(np.arange(N) % 2 * 2.0)[:, None])))
    assert data.classes == ("0", "2")


def test_a_hundred_classes(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    content = {"labels": np.arange(400) % 100, "a": random.normal(size=(400, 2)), "b": random.normal(size=(400, 2))}
    assert len(own(save(tmp_path, content)).classes) == 100


def nan() -> np.ndarray:
    values = np.zeros((N, 5))
    values[2, 3] = np.nan
    return values


@pytest.mark.parametrize(
    ("changes", "part"),
    [
        ({"labels": None}, "no `labels`"),
        ({"labels": np.arange(N) % 2 + 0.5}, "fractions"),
        ({"labels": np.zeros(N, int)}, "two classes or more"),
        ({"labels": np.zeros((N, 2))}, "one label an example"),
        ({"labels": np.array([0] * (N - 1) + [1])}, "only 1 example:"),
        ({"labels": np.array(["a", None] * (N // 2), dtype=object)}, "Python objects"),
        ({"labels": np.zeros(0, int), "text": np.zeros((0, 5)), "audio": np.zeros((0, 6, 3))}, "0 examples"),
        ({"audio": None}, "only “text”"),
        ({"audio": None, "text": None}, "has none"),
        ({"text": nan()}, "1 values that are NaN"),
        ({"text": np.zeros((N - 1, 5))}, "39 examples and `labels` 40"),
        ({"text": np.zeros(N)}, "shape (40,)"),
        ({"keys": np.zeros((N, 2))}, "cannot be called 'keys'"),
        ({"a.b": np.zeros((N, 2))}, "cannot be called 'a.b'"),
        ({"text": np.array(["a"] * N)[:, None]}, "give numbers"),
        ({"text": np.array([object()] * N)[:, None]}, "Python objects"),
        ({"audio_mask": np.ones((N, 5), bool)}, "booleans of shape (40, 6)"),
        ({"image_mask": np.ones((N, 5), bool)}, "“image” that isn't there"),
        ({"audio_mask": np.zeros((N, 6), bool)}, "missing from the whole training part"),
        ({"split": np.array(["train"] * N)}, "“validation”"),
        ({"split": np.array(["train", "dev"] * (N // 2))}, "holds “dev”"),
        ({"split": np.zeros(N)}, "train, validation, test"),
        ({"split": np.array(["train", "test"] * 19 + ["validation"] * 2)}, "Class “1”"),
    ],
)
@pytest.mark.parametrize("write", [save, save_folder])
def test_what_is_refused(tmp_path: Path, write: Any, changes: dict[str, Any], part: str) -> None:
    path = write(tmp_path, good(**changes))
    with pytest.raises(UserError) as refused:
        own(path)
    assert part in str(refused.value) and str(refused.value).count("\n") == 0


def test_files_that_are_none(tmp_path: Path) -> None:
    (tmp_path / "a.npz").write_bytes(b"no archive")
    (tmp_path / "empty").mkdir()
    for path, part in (("a.npz", "no .npz"), ("empty", "no .npy"), ("missing.npz", "There is no")):
        with pytest.raises(UserError, match=part):
            own(tmp_path / path)


def test_a_cut_archive(tmp_path: Path) -> None:
    path = save_folder(tmp_path, good())
    whole = (path / "text.npy").read_bytes()
    (path / "text.npy").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(UserError, match="damaged"):
        own(path)


def test_five_gigabytes_are_refused_with_their_size_and_not_read(tmp_path: Path) -> None:
    save_folder(tmp_path, good())
    header = np.lib.format.open_memmap(tmp_path / "video.npy", "w+", np.float32, (N, 1_000, 32_000))
    del header  # a sparse file: its size is claimed, nothing is written
    with pytest.raises(UserError, match=r"5\.1 GB"):
        own(tmp_path)


def test_an_archive_that_unpacks_to_too_much(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrays_module, "MOST_BYTES", 100_000)
    np.savez_compressed(tmp_path / "a.npz", **good(video=np.zeros((N, 1_000))))
    with pytest.raises(UserError, match="are read"):
        own(tmp_path / "a.npz")
