"""How far a voice model holds when the recording is noisy."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mm_demo.models.voice import VoiceFeatureExtractor, VoiceForEmotionClassification
from mm_demo.training.emodb import Utterance
from mm_demo.training.voice.fit import judge, recalls

LEVELS = (20, 10, 0)
"""Decibels by which the speech is above the noise."""


def under_noise(
    model: VoiceForEmotionClassification, utterances: Sequence[Utterance], seed: int = 0
) -> dict[str, dict[str, float]]:
    """Unweighted average recalls, 0…1, by how noisy the recordings are: "clean", then white noise at `LEVELS`."""
    extractor = VoiceFeatureExtractor()
    found: dict[str, dict[str, float]] = {}
    for level in (None, *LEVELS):
        rng = np.random.default_rng(seed)
        sounds = [u.sound if level is None else with_noise(u.sound, level, rng) for u in utterances]
        rows = [extractor([sound])["input_features"][0] for sound in sounds]
        found["clean" if level is None else f"{level} dB"] = recalls(judge(model, rows), utterances)
    return found


def with_noise(sound: np.ndarray, decibels: float, rng: np.random.Generator) -> np.ndarray:
    """The sound (samples,) under white noise that is `decibels` weaker, by the mean power of each."""
    level = np.sqrt(np.mean(sound**2)) * 10 ** (-decibels / 20)
    return np.asarray(sound + level * rng.standard_normal(len(sound)), dtype=np.float32)
