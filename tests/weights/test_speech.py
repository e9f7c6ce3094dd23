"""The shipped speech checkpoints know plain sentences, and trust what can be relied on."""

from __future__ import annotations

from itertools import pairwise
from random import Random

import numpy as np
import pytest

import mm_demo
from mm_demo.models.catalog import WEIGHTS
from mm_demo.tasks.sentiment import SentimentTask
from mm_demo.tasks.sound import Sound, read_sound
from mm_demo.training.fusion.corruption import garbled, noisy
from mm_demo.ui.examples.speech import speech_examples

SENTENCES = {
    "positive": (
        "what a lovely surprise, thank you so much",
        "we won and everybody is delighted",
        "i adore this place",
    ),
    "negative": ("that was a horrible waste of money", "i am furious and disappointed", "the food was disgusting"),
    "neutral": ("the train leaves from platform four", "please send the form by friday", "there are two doors"),
}


@pytest.fixture(scope="module")
def task() -> SentimentTask:
    return mm_demo.load("sentiment", device="cpu")


@pytest.fixture(scope="module")
def sounds() -> list[Sound]:
    return [read_sound(example.path) for example in speech_examples()]


def test_plain_sentences_are_understood(task: SentimentTask) -> None:
    right = [task(text=text).answer == truth for truth, texts in SENTENCES.items() for text in texts]
    assert np.mean(right) >= 0.85


def test_nothing_readable_is_no_certainty(task: SentimentTask) -> None:
    for text in ("qzx vrrt kpl wkk", "…", "wlkj pqoi zmxn"):
        assert max(p for _, p in task(text=text).candidates) < 0.7


def test_the_voices_weight_falls_under_noise(task: SentimentTask, sounds: list[Sound]) -> None:
    rng = np.random.default_rng(0)
    weights = []
    for decibels in (30.0, 5.0, -10.0):
        found = [task(Sound(noisy(s.samples, decibels, rng), s.seconds), "i am so happy") for s in sounds]
        weights.append(np.mean([result.modality_weights["audio"] for result in found]))
    assert all(before > after + 0.02 for before, after in pairwise(weights))


def test_the_words_weight_falls_as_they_are_lost(task: SentimentTask, sounds: list[Sound]) -> None:
    rng = Random(0)
    texts = [text for group in SENTENCES.values() for text in group]
    weights = []
    for share in (0.0, 0.5, 1.0):
        found = [task(sounds[i % len(sounds)], garbled(text, share, rng) or "x") for i, text in enumerate(texts)]
        weights.append(np.mean([result.modality_weights["text"] for result in found]))
    assert all(before > after for before, after in pairwise(weights))


def test_noise_is_no_familiar_voice(task: SentimentTask, sounds: list[Sound]) -> None:
    assert all(task(sound, "").familiar for sound in sounds)
    noise = 0.1 * np.random.default_rng(0).standard_normal(32_000).astype(np.float32)
    assert not task(Sound(noise, 2.0), "").familiar


@pytest.mark.parametrize(
    ("name", "most"), [("speech-sentiment", 7_000_000), ("voice-emodb", 2_000_000), ("text-sentiment", 6_000_000)]
)
def test_a_checkpoint_is_complete_and_small(name: str, most: int) -> None:
    folder = WEIGHTS / name
    held = {path.name for path in folder.iterdir()}
    wanted = {"config.json", "model.safetensors", "README.md"}
    wanted |= {"preprocessor_config.json"} if name != "text-sentiment" else set()
    wanted |= {"tokenizer.json"} if name != "voice-emodb" else set()
    assert wanted <= held
    assert not [path for path in held if path.endswith((".bin", ".pt", ".pkl", ".ckpt"))]
    assert sum(path.stat().st_size for path in folder.iterdir()) < most


def test_each_encoder_opens_alone() -> None:
    voice = mm_demo.load("sentiment", "voice-emodb", "cpu")
    words = mm_demo.load("sentiment", "text-sentiment", "cpu")
    assert (voice.modalities, words.modalities) == (("audio",), ("text",))
    assert len(voice(read_sound(speech_examples()[0].path), "").emotions) == 7
    assert words(text="what a wonderful day").answer == "positive"


def test_all_weights_together_stay_small() -> None:
    assert sum(path.stat().st_size for path in WEIGHTS.rglob("*") if path.is_file()) < 40_000_000
