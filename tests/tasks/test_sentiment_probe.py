"""A sentiment asked for again: whole it is what was reported, in parts what judging those parts says."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

import mm_demo
from mm_demo.errors import UserError
from mm_demo.models.speech.removal import without_stretches
from mm_demo.models.voice import VoiceFeatureExtractor
from mm_demo.tasks.sentiment import SentimentTask
from mm_demo.tasks.sentiment_result import SentimentResult
from mm_demo.tasks.sound import Sound
from tests.models.speech_checkpoints import save_spectrogram, save_text, save_waveform
from tests.speech import save_fusion, tone

TEXT = "I am so happy, zqx"
SOUND = Sound(tone(0.9), 0.9)


@pytest.fixture(scope="module")
def task(tmp_path_factory: pytest.TempPathFactory) -> SentimentTask:
    return mm_demo.load("sentiment", str(save_fusion(tmp_path_factory.mktemp("fusion"))), "cpu")


def alone(name: str, folder: Path) -> SentimentTask:
    if name == "spectrogram":
        save_spectrogram(folder)
    elif name in ("wav2vec2", "wavlm"):
        save_waveform(name, folder)
    else:
        save_text(name, folder)
    return mm_demo.load("sentiment", str(folder), "cpu")


def check(task: SentimentTask, result: SentimentResult) -> None:
    """For every part and way: the whole is what was reported, many are as one by one, nothing is an answer too."""
    for part in result.readings:
        for removal in task.removals[part]:
            probe = task.probe(result, part, removal)
            assert (probe.answer, probe.unit, probe.shape) == (result.answer, "probability", None)
            elements = len(probe.labels)
            assert probe.relevance.shape == (elements,)
            whole = probe.score(np.ones((1, elements), bool))
            assert whole == pytest.approx([dict(result.candidates)[result.answer]], abs=1e-4), (part, removal)
            kept = np.random.default_rng(1).random((34, elements)) < 0.5
            kept[0] = False
            together = probe.score(kept)
            assert together.dtype == np.float64 and together.std() > 1e-5 and ((together >= 0) & (together <= 1)).all()
            rows = (0, 1, 20, 33)
            assert together[list(rows)] == pytest.approx([probe.score(kept[[i]])[0] for i in rows], abs=1e-5)


@pytest.mark.parametrize("strategy", [None, "cross_modal", "late"])
def test_voice_and_words(task: SentimentTask, strategy: str | None) -> None:
    check(task, task(SOUND, TEXT, strategy=strategy))


def test_only_one_of_the_two(task: SentimentTask) -> None:
    voice, words = task(SOUND, ""), task(text=TEXT)
    check(task, voice)
    check(task, words)
    with pytest.raises(UserError, match="No words were judged"):
        task.probe(voice, "text")
    with pytest.raises(UserError, match="No voice was judged"):
        task.probe(words, "audio")
    with pytest.raises(UserError, match="magic"):
        task.probe(words, "text", "magic")


@pytest.mark.parametrize("name", ["wav2vec2", "wavlm", "spectrogram", "bert", "roberta", "distilbert"])
def test_models_of_one_modality(name: str, tmp_path: Path) -> None:
    task = alone(name, tmp_path)
    sounds = "audio" in task.modalities
    result = task(SOUND, "") if sounds else task(text="I love this day not")
    check(task, result)
    part = "audio" if sounds else "text"
    maps = list(task.randomised(result, part))
    assert len(maps) >= 4 and all(len(shown) == len(task.probe(result, part).labels) for _, shown in maps)
    assert any(name.startswith("layer") for name, _ in maps)


def test_silence_is_in_the_waveform(task: SentimentTask, monkeypatch: pytest.MonkeyPatch) -> None:
    result = task(SOUND, TEXT)
    assert result.audio_map is not None
    heard: list[NDArray[np.float32]] = []
    extract = VoiceFeatureExtractor.__call__

    def listening(self: VoiceFeatureExtractor, sounds: Sequence[NDArray[np.float32]]) -> object:
        heard.extend(sounds)
        return extract(self, sounds)

    probe = task.probe(result, "audio")
    assert probe.removal == "silence"
    monkeypatch.setattr(VoiceFeatureExtractor, "__call__", listening)
    kept = np.ones((1, len(probe.labels)), bool)
    kept[0, [3, 7]] = False
    found = probe.score(kept)
    expected = SOUND.samples.copy()
    for start, end in result.audio_map.times[[3, 7]]:
        expected[round(start * 16_000) : round(end * 16_000)] = 0
    [given] = heard
    assert (given == expected).all() and (given != SOUND.samples).any()
    again = task(Sound(expected, 0.9), TEXT)
    assert found == pytest.approx([dict(again.candidates)[result.answer]], abs=1e-5)


def test_noise_has_the_recordings_level() -> None:
    times = np.array([[0.0, 0.5], [0.5, 0.9]])
    [noisy] = without_stretches(SOUND.samples, times, np.array([[True, False]]), "noise")
    assert (noisy[:8000] == SOUND.samples[:8000]).all()
    level = float(np.sqrt(np.mean(SOUND.samples.astype(float) ** 2)))
    assert float(noisy[8000:].std()) == pytest.approx(level, rel=0.05)
    [again] = without_stretches(SOUND.samples, times, np.array([[True, False]]), "noise")
    assert (noisy == again).all()
    with pytest.raises(ValueError, match="no way 'magic'"):
        without_stretches(SOUND.samples, times, np.array([[True, False]]), "magic")


def test_masked_words_are_mask_tokens(task: SentimentTask) -> None:
    words = task(text="i am so happy")
    probe = task.probe(words, "text")
    assert (probe.removal, probe.labels) == ("mask", ("i", "am", "so", "happy"))
    assert probe.relevance == pytest.approx([token.relevance for token in words.text_tokens])
    text = task._model._model.text  # type: ignore[attr-defined]
    ids = [2, 5, 6, 4, 8, 3]
    hidden = text.bert(input_ids=torch.tensor([ids])).pooler_output
    encoder = task._model._text  # type: ignore[attr-defined]
    varied = encoder.vary("i am so happy", np.array([[True, True, False, True]]), "mask")
    torch.testing.assert_close(varied.pooled, hidden)
    padded = encoder.vary("i am so happy", np.array([[True, True, False, True]]), "pad")
    seen = torch.tensor([[1, 1, 1, 0, 1, 1]])
    hidden = text.bert(input_ids=torch.tensor([[2, 5, 6, 0, 8, 3]]), attention_mask=seen).pooler_output
    torch.testing.assert_close(padded.pooled, hidden)
    assert padded.mask.tolist() == [[True, True, True, False, True, True]]


@pytest.mark.parametrize("part", ["audio", "text"])
def test_maps_change_as_the_model_forgets_and_the_model_does_not(task: SentimentTask, part: str) -> None:
    result = task(SOUND, TEXT)
    probe = task.probe(result, part)  # type: ignore[arg-type]
    maps = list(task.randomised(result, part))  # type: ignore[arg-type]
    assert maps[0][0] == "fusion" and len({name for name, _ in maps}) == len(maps) >= 5
    assert max(abs(maps[-1][1] - probe.relevance)) > 1e-3
    again = task(SOUND, TEXT)
    assert again.candidates == result.candidates
    for (_, one), (_, other) in zip(maps, task.randomised(result, part), strict=True):  # type: ignore[arg-type]
        assert (one == other).all()


def test_several_at_once(task: SentimentTask) -> None:
    probe = task.probe(task(SOUND, TEXT), "audio")
    kept = np.random.default_rng(2).random((6, len(probe.labels))) < 0.5
    alone = probe.score(kept)
    with ThreadPoolExecutor(3) as pool:
        assert all(found == pytest.approx(alone, abs=1e-6) for found in pool.map(probe.score, [kept] * 3))
