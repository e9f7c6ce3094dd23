"""Voices with words: nobody and nothing is in two splits, and the sentiment of both is the label's."""

from __future__ import annotations

import csv
import math
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from mm_demo.errors import UserError
from mm_demo.lab import compare, open_data
from mm_demo.lab.data import kept as kept_module
from mm_demo.lab.data import voices as module
from mm_demo.lab.data.dataset import Dataset
from mm_demo.lab.data.voices import Recordings, voices
from mm_demo.training.sentences import AMBIGUOUS, NEGATIVE, POSITIVE

_EMOTIONS = {"anger": "negative", "neutral": "neutral", "happiness": "positive"}
_LABEL = {"negative": "anger", "neutral": "neutral", "positive": "joy"}
_NAMES = sorted(POSITIVE | NEGATIVE | AMBIGUOUS | {"neutral"})


@pytest.fixture(scope="module")
def collections(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Tones by five speakers in place of emotions, and a few sentences in GoEmotions' format."""
    data = tmp_path_factory.mktemp("collections")
    (data / "emodb" / "audio").mkdir(parents=True)
    with (data / "emodb" / "labels.csv").open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(["file", "speaker", "sentence", "emotion"])
        for speaker in ("ann", "bob", "cat", "dan", "eve"):
            for pitch, emotion in enumerate(_EMOTIONS):
                name = f"audio/{speaker}-{emotion}.wav"
                tone = 0.3 * np.sin(2 * np.pi * (120 + 90 * pitch) * np.arange(9_600) / 16_000)
                soundfile.write(data / "emodb" / name, tone, 16_000)
                table.writerow([name, speaker, "a01", emotion])
    (data / "goemotions").mkdir()
    (data / "goemotions" / "labels.txt").write_text("\n".join(_NAMES), encoding="utf-8")
    for split in ("train", "dev", "test"):
        rows = [
            f"{split} sentence {number} is {sentiment}\t{_NAMES.index(label)}\tid"
            for number in range(400 if split == "dev" else 3)
            for sentiment, label in _LABEL.items()
        ]
        (data / "goemotions" / f"{split}.tsv").write_text("\n".join(rows), encoding="utf-8")
    return data


@pytest.fixture(scope="module")
def made(collections: Path, tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kept_module, "FOLDER", tmp_path_factory.mktemp("cache"))
        patch.setattr(module, "_HEARD", {"train": 6, "validation": 2, "test": 3})
        return voices(collections)


def test_pairs_are_of_one_sentiment_and_nothing_is_in_two_splits(made: Dataset) -> None:
    assert made.names == ("voice", "words") and made.classes == ("negative", "neutral", "positive")
    assert isinstance(made.origin, Recordings)
    emotion = {sentiment: emotion for emotion, sentiment in _EMOTIONS.items()}
    speakers: dict[str, set[str]] = {}
    texts: dict[str, set[str]] = {}
    for split, rows in made.splits.items():
        for row in rows.tolist():
            sentiment = made.classes[made.labels[row]]
            speaker, acted = made.origin.files[row].stem.split("-")
            assert acted == emotion[sentiment] and made.origin.texts[row].endswith(f"is {sentiment}")
            speakers.setdefault(split, set()).add(speaker)
            texts.setdefault(split, set()).add(made.origin.texts[row])
    assert speakers == {"train": {"ann", "bob", "cat"}, "validation": {"dan"}, "test": {"eve"}}
    assert not texts["train"] & texts["validation"] and all(text.startswith("test") for text in texts["test"])
    assert {split: len(found) for split, found in texts.items()} == {"train": 18, "validation": 6, "test": 9}
    for split in made.splits:
        assert made.part(split)[1].bincount().unique().numel() == 1, "as many of each"


def test_what_is_heard_follows_the_recording(made: Dataset) -> None:
    assert isinstance(made.origin, Recordings)
    shown = made.origin.shown(0)
    assert shown.text == made.origin.texts[0] and shown.sound is not None and shown.sound[0] == 16_000
    sound, _ = soundfile.read(made.origin.files[0], dtype="float32")
    assert np.array_equal(shown.sound[1], sound)
    gone = Recordings([Path("nowhere.wav")], ["hello"])
    assert gone.shown(0).sound is None and gone.shown(0).text == "hello"
    same = [i for i, file in enumerate(made.origin.files) if file == made.origin.files[0]]
    assert len(same) > 1 and torch.equal(*(made.modalities["voice"].states[i] for i in same[:2]))


def test_the_stretches_are_means_and_deviations() -> None:
    frames = torch.randn(25, 4)
    found = module._stretches(frames)
    parts = np.array_split(frames.numpy(), module.STRETCHES)
    assert found.shape == (module.STRETCHES, 8)
    for row, part in zip(found.numpy(), parts, strict=True):
        assert np.allclose(row, np.concatenate([part.mean(0), part.std(0)]), atol=1e-6)
    assert module._stretches(frames[:3]).isfinite().all()


def test_the_folder_of_the_recordings_themselves_will_do(collections: Path) -> None:
    assert module._data(collections / "emodb") == module._data(collections) == collections


def test_wrong_folders_are_one_sentence(collections: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="--recordings"):
        open_data("voices")
    with pytest.raises(UserError, match=r"labels\.csv.*Berlin"):
        voices(tmp_path)
    (tmp_path / "emodb").mkdir()
    (tmp_path / "emodb" / "labels.csv").write_bytes((collections / "emodb" / "labels.csv").read_bytes())
    with pytest.raises(UserError, match=r"dev\.tsv.*GoEmotions"):
        voices(tmp_path)


@pytest.mark.data
def test_real_voices(data: Path) -> None:
    found = compare(voices(data), ["early", "late"], seeds=2)
    best = max(row.scores.accuracy.mean for row in found.controls)
    assert max(row.scores.accuracy.mean for row in found.strategies) > best + 0.02 > 0.5
    assert not math.isnan(best)
