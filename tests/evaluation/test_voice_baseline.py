"""The linear machine that the voice model has to beat."""

from __future__ import annotations

import numpy as np
import pytest

from mm_demo.evaluation.voice_baseline import Labelled, baseline, statistics
from mm_demo.models.voice import VoiceFeatureExtractor


@pytest.mark.parametrize("sound", [np.zeros(1), np.zeros(8_000), np.random.default_rng(0).normal(0, 0.1, 9_000)])
def test_every_sound_has_the_same_number_of_finite_statistics(sound: np.ndarray) -> None:
    found = statistics(sound.astype(np.float32), VoiceFeatureExtractor())
    assert found.shape == (620,) and np.isfinite(found).all()


def test_statistics_tell_a_high_voice_from_a_low_one_and_loudness_alone_does_not() -> None:
    time = np.arange(16_000) / 16_000
    room = np.random.default_rng(0).normal(0, 1e-3, 16_000)
    low, high = (
        (sum(np.sin(2 * np.pi * hz * k * time) / k for k in range(1, 6)) * 0.1 + room).astype(np.float32)
        for hz in (110, 220)
    )
    extractor = VoiceFeatureExtractor()
    of_low, of_high, of_louder = (statistics(sound, extractor) for sound in (low, high, low * 4))
    np.testing.assert_allclose(of_low, of_louder, atol=0.5)
    assert np.isclose(of_high - of_low, np.log(2), atol=0.01).any()


def test_what_is_linear_is_learned_and_what_is_noise_is_not() -> None:
    rng = np.random.default_rng(0)
    emotions = np.repeat(np.arange(7), 20)
    told = np.eye(7)[emotions] * 3 + rng.normal(0, 0.3, (140, 7))
    noise = rng.normal(size=(140, 7))
    half = np.arange(140) % 2 == 0
    for statistic, low, high in ((np.repeat(told, 30, 1), 0.8, 1.0), (noise, 0.0, 0.45)):
        train, test = (Labelled(statistic[part].astype(np.float32), emotions[part]) for part in (half, ~half))
        assert low <= baseline(train, test)["emotions"] <= high
