"""Written and spoken digits: nobody and nothing is in two splits."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from mm_demo.errors import UserError
from mm_demo.lab import compare
from mm_demo.lab.data.dataset import Dataset
from mm_demo.lab.data.digits import RATE, digits


@pytest.fixture(scope="module")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Tones in place of digits, by four speakers; the higher the digit, the higher the tone and the longer."""
    folder = tmp_path_factory.mktemp("digits")
    for speaker in ("ann", "bob", "cat", "dan"):
        for digit in range(10):
            time = np.arange(int(RATE * (0.2 + 0.1 * digit))) / RATE
            tone = 0.5 * np.sin(2 * np.pi * (300 + 300 * digit) * time)
            soundfile.write(folder / f"{digit}_{speaker}_0.wav", tone, RATE)
    return folder


def no_image_twice(data: Dataset) -> None:
    images = {s: {tuple(row) for row in data.part(s)[0]["image"].states[:, 0].tolist()} for s in data.splits}
    assert not images["train"] & images["validation"] and not (images["train"] | images["validation"]) & images["test"]


def test_pairs(recordings: Path) -> None:
    data = digits(recordings)
    assert data.names == ("image", "speech") and data.classes == tuple("0123456789")
    assert {split: len(rows) for split, rows in data.splits.items()} == {"train": 20, "validation": 10, "test": 10}
    assert data.labels[data.splits["test"]].tolist() == list(range(10)), "dan speaks in the test part alone"
    no_image_twice(data)
    speech = data.modalities["speech"]
    steps = speech.mask.sum(1)[data.splits["test"]]
    assert steps.tolist() == [min(24, 5 + int(np.ceil(2.5 * digit))) for digit in range(10)], "40 ms a step"
    assert torch.equal(speech.mask, speech.mask.long().cummin(1).values.bool()), "padding is at the end"
    assert (speech.states[~speech.mask] == 0).all()


def test_the_tone_is_in_its_band(recordings: Path) -> None:
    data = digits(recordings)
    speech = data.modalities["speech"]
    loudest = (speech.states.sum(1) / speech.mask.sum(1, keepdim=True)).argmax(1)[data.splits["test"]]
    assert loudest[9] > loudest[5] > loudest[0]


@pytest.mark.parametrize("names", [[], ["0_ann_0.wav"]])
def test_folders_that_hold_too_little(tmp_path: Path, names: list[str]) -> None:
    for name in names:
        soundfile.write(tmp_path / name, np.zeros(800), RATE)
    with pytest.raises(UserError, match="Free Spoken Digit Dataset"):
        digits(tmp_path)


def test_without_a_folder_it_says_where_to_get_it() -> None:
    with pytest.raises(UserError, match="--recordings"):
        digits(None)


def test_recordings_of_another_kind(recordings: Path, tmp_path: Path) -> None:
    for file in recordings.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    soundfile.write(tmp_path / "3_ann_0.wav", np.zeros(800), 16_000)
    with pytest.raises(UserError, match="8 kHz"):
        digits(tmp_path)
    (tmp_path / "3_ann_0.wav").write_bytes(b"noise")
    with pytest.raises(UserError, match="can't be read"):
        digits(tmp_path)


@pytest.mark.data
def test_real_recordings(data: Path) -> None:
    real = digits(data)
    no_image_twice(real)
    found = compare(real, ["early", "late"], seeds=2)
    image, speech = (row.scores.accuracy.mean for row in found.controls)
    assert image > 0.9 and speech > 0.3
    assert max(row.scores.accuracy.mean for row in found.strategies) > 0.93
