"""Training of the voice model: data, disturbances and folds, without the database."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import torch

from mm_demo.errors import UserError
from mm_demo.models.voice import EMOTIONS, VoiceForEmotionClassification
from mm_demo.training import emodb
from mm_demo.training.emodb import Utterance
from mm_demo.training.voice import bank, folds
from mm_demo.training.voice.__main__ import save
from mm_demo.training.voice.augment import disturb, noise
from mm_demo.training.voice.batches import draw, pad
from mm_demo.training.voice.fit import Recipe, judge, recalls, train
from mm_demo.training.voice.noise import with_noise

ANGER, NEUTRAL, HAPPINESS = (EMOTIONS.index(name) for name in ("anger", "neutral", "happiness"))
SMALL = Recipe(epochs=12, batch=8, members=1)


def spoken(emotion: int, speaker: str, rng: np.random.Generator) -> Utterance:
    """Half a second of a voice whose pitch and unrest tell the emotion."""
    hz, unrest = {ANGER: (300, 9.0), NEUTRAL: (110, 2.0), HAPPINESS: (220, 5.0)}[emotion]
    time = np.arange(8_000) / 16_000
    phase = 2 * np.pi * hz * rng.uniform(0.95, 1.05) * time + np.sin(2 * np.pi * unrest * time)
    sound = sum(np.sin(k * phase) / k for k in range(1, 6)) * (1 + 0.5 * np.sin(2 * np.pi * unrest * time))
    sentiment = {ANGER: 0, NEUTRAL: 1, HAPPINESS: 2}[emotion]
    return Utterance((0.1 * sound + rng.normal(0, 1e-3, 8_000)).astype(np.float32), speaker, emotion, sentiment)


@pytest.fixture(scope="module")
def utterances() -> list[Utterance]:
    rng = np.random.default_rng(0)
    return [spoken(e, s, rng) for s in ("01", "02", "03") for e in (ANGER, NEUTRAL, HAPPINESS) for _ in range(3)]


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """A folder laid out as the database is, with two recordings."""
    (tmp_path / "emodb" / "audio").mkdir(parents=True)
    with (tmp_path / "emodb" / "labels.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["file", "speaker", "sentence", "emotion", "version", "seconds"])
        for name, speaker, emotion in (("a", "03", "anger"), ("b", "08", "boredom")):
            rows.writerow([f"audio/{name}.flac", speaker, "a01", emotion, "a", "0.1"])
            soundfile.write(tmp_path / "emodb" / "audio" / f"{name}.flac", np.zeros(1_600), 16_000)
    return tmp_path


def test_the_database_is_read(database: Path) -> None:
    first, second = emodb.read(database)
    assert (first.speaker, EMOTIONS[first.emotion], first.sentiment) == ("03", "anger", 0)
    assert (second.speaker, second.sentiment, second.sound.dtype) == ("08", 1, np.float32)
    assert emodb.split([first, second], ["08"]) == ([0], [1])
    with pytest.raises(UserError, match="03, 08"):
        emodb.split([first, second], ["99"])


def test_a_missing_or_half_database_is_refused_in_one_sentence(database: Path) -> None:
    with pytest.raises(UserError, match=r"labels\.csv.*audeering/emodb"):
        emodb.read(database / "elsewhere")
    recording = database / "emodb" / "audio" / "b.flac"
    recording.write_bytes(b"fLaC, but no more")
    with pytest.raises(UserError, match="damaged"):
        emodb.read(database)
    soundfile.write(recording, np.zeros((800, 2)), 8_000)
    with pytest.raises(UserError, match="mono at 16000"):
        emodb.read(database)
    recording.unlink()
    with pytest.raises(UserError, match="lacks 1 of its 2 recordings"):
        emodb.read(database)
    (database / "emodb" / "labels.csv").write_text("file,speaker\nx,y\n")
    with pytest.raises(UserError, match="columns"):
        emodb.read(database)


def test_disturbed_recordings_are_other_recordings_of_the_same(utterances: list[Utterance]) -> None:
    sound = utterances[0].sound
    made = [disturb(sound, 16_000, np.random.default_rng(seed)) for seed in range(12)]
    assert all(np.isfinite(m).all() and m.dtype == np.float32 and 0 < np.abs(m).max() <= 1 for m in made)
    assert len({len(m) for m in made}) > 4
    np.testing.assert_array_equal(made[3], disturb(sound, 16_000, np.random.default_rng(3)))


def test_noise_is_as_strong_as_asked() -> None:
    rng = np.random.default_rng(0)
    assert np.mean(noise(16_000, rng) ** 2) == pytest.approx(1.0, rel=1e-3)
    sound = np.sin(np.arange(32_000) / 7).astype(np.float32)
    added = with_noise(sound, 10, rng) - sound
    assert 10 * np.log10(np.mean(sound**2) / np.mean(added**2)) == pytest.approx(10, abs=0.1)


def test_a_drawn_row_keeps_its_channels_and_stays_below_the_longest() -> None:
    row = torch.arange(900.0)[:, None].expand(-1, 45).clone()
    drawn = [draw([row], 40, np.random.default_rng(seed)) for seed in range(6)]
    assert all(d.shape == (400, 45) for d in drawn)
    assert len({float(d[0, 42]) for d in drawn}) == 6, "the stretch is drawn"
    steps = torch.stack([d[1:, 42].diff().mean() for d in drawn])
    assert (steps.log().abs() <= 0.16).all() and steps.std() > 0.02, "the tempo changes within its bounds"
    assert row[5, 0] == 5, "the bank itself is left alone"


def test_padded_rows_are_masked() -> None:
    features, mask = pad([torch.ones(3, 45), torch.ones(5, 45)])
    assert features.sum((1, 2)).tolist() == [135, 225] and mask.sum(1).tolist() == [3, 5]


def test_the_bank_is_made_once(utterances: list[Utterance], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = bank.make(utterances[:2], 2, 0, tmp_path)
    assert not torch.equal(made[0][0][:20], made[1][0][:20])
    monkeypatch.setattr(bank, "_features", None)
    again = bank.make(utterances[:2], 2, 0, tmp_path)
    assert torch.equal(made[1][1], again[1][1])


def test_recalls_weigh_every_class_alike(utterances: list[Utterance]) -> None:
    four = [utterances[0], utterances[0], utterances[0], utterances[3]]
    emotions, sentiments = torch.zeros(4, 7), torch.zeros(4, 3)
    emotions[:3, ANGER], emotions[3, NEUTRAL] = 1, 1
    sentiments[:, 0] = 1
    assert recalls((emotions, sentiments), four) == {"emotions": 1.0, "sentiments": 0.5}


def test_training_learns_for_other_speakers_repeats_and_is_saved(utterances: list[Utterance], tmp_path: Path) -> None:
    copies = bank.make(utterances, 1, 0, tmp_path)
    inside, outside = emodb.split(utterances, ["03"])
    model = train(utterances, copies, inside, SMALL, "cpu")
    rows = [copies[0][i] for i in outside]
    found = recalls(judge(model, rows), [utterances[i] for i in outside])
    assert found["emotions"] > 0.7 and found["sentiments"] > 0.7
    again = train(utterances, copies, inside, SMALL, "cpu")
    torch.testing.assert_close(judge(model, rows)[0], judge(again, rows)[0])
    before = judge(model, rows)[0]
    save(model, tmp_path / "voice")
    opened = VoiceForEmotionClassification.from_pretrained(tmp_path / "voice").eval()
    assert opened.dtype == torch.float32 and (tmp_path / "voice" / "model.safetensors").stat().st_size < 400_000
    torch.testing.assert_close(judge(opened, rows)[0], before, atol=0.01, rtol=0)


def test_a_killed_run_goes_on_with_the_fold_it_was_at(
    utterances: list[Utterance], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trained: list[str] = []

    def fake(everyone: list[Utterance], _bank: Any, inside: list[int], _recipe: Recipe, _device: str) -> str:
        (left,) = {u.speaker for u in everyone} - {everyone[i].speaker for i in inside}
        if len(trained) == 2 and "killed" not in trained:
            trained.append("killed")
            raise KeyboardInterrupt
        trained.append(left)
        return left

    def right_but_for_the_second(speaker: Any, rows: list[torch.Tensor]) -> tuple[torch.Tensor, torch.Tensor]:
        truth = torch.tensor([u.emotion for u in utterances if u.speaker == "01"])
        wrong = torch.zeros(9, 7)
        wrong[torch.arange(9), truth] = 1.0 if speaker != "02" else -1.0
        return wrong, torch.ones(9, 3)

    monkeypatch.setattr(folds, "train", fake)
    monkeypatch.setattr(folds, "judge", right_but_for_the_second)
    copies = [[torch.zeros(1, 45)] * len(utterances)]
    with pytest.raises(KeyboardInterrupt):
        folds.leave_one_out(utterances, copies, SMALL, "cpu", tmp_path)
    summary = folds.leave_one_out(utterances, copies, SMALL, "cpu", tmp_path)
    assert trained == ["01", "02", "killed", "03"]
    assert summary["mean"]["emotions"] == pytest.approx(2 / 3)
    assert summary["deviation"]["emotions"] == pytest.approx(np.std([1, 0, 1], ddof=1))
    folds.leave_one_out(utterances, copies, Recipe(epochs=1), "cpu", tmp_path)
    assert trained[4:] == ["01", "02", "03"], "another recipe is another run"
