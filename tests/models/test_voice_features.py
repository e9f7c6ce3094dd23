"""Features of speech: against librosa and against tones whose pitch is known."""

from __future__ import annotations

import warnings
from itertools import pairwise

import librosa
import numpy as np
import pytest

from mm_demo.models.voice import VoiceFeatureExtractor
from mm_demo.models.voice.pitch import track

TIME = np.arange(16_000) / 16_000


def voice(hz: float) -> np.ndarray:
    return sum(np.sin(2 * np.pi * hz * k * TIME) / k for k in range(1, 9)).astype(np.float32) * 0.1


@pytest.mark.parametrize("hz", [75, 120, 220, 400])
def test_a_tone_has_its_pitch_and_is_voiced(hz: float) -> None:
    pitch, voicing = track(voice(hz), 16_000, 160)
    assert pitch.shape == voicing.shape == (101,)
    np.testing.assert_allclose(pitch[10:-10], hz, rtol=0.01)
    assert voicing[10:-10].min() > 0.95


def test_a_glide_is_followed() -> None:
    frequency = np.linspace(120, 260, 16_000)
    phase = 2 * np.pi * np.cumsum(frequency) / 16_000
    sound = sum(np.sin(k * phase) / k for k in range(1, 6)).astype(np.float32)
    np.testing.assert_allclose(track(sound, 16_000, 160)[0][10:-10], frequency[::160][10:-9], rtol=0.03)


def test_noise_is_not_voiced_and_silence_less() -> None:
    assert np.median(track(np.random.default_rng(0).normal(0, 0.1, 16_000).astype(np.float32), 16_000, 160)[1]) < 0.4
    assert track(np.zeros(16_000, np.float32), 16_000, 160)[1].max() == 0


def test_pitch_is_drawn_on_through_silence() -> None:
    sound = np.concatenate([voice(100)[:6_000], np.zeros(4_000, np.float32), voice(200)[:6_000]])
    pitch, voicing = track(sound, 16_000, 160)
    assert voicing[50] == 0 and 80 < pitch[50] < 250


def test_bands_are_librosa_s_mel_spectrogram() -> None:
    extractor, sound = VoiceFeatureExtractor(), voice(150)
    ours = extractor([sound])["input_features"][0, :, : extractor.bands].numpy()
    power = librosa.feature.melspectrogram(
        y=sound, sr=16_000, n_fft=512, win_length=400, hop_length=160, n_mels=40, pad_mode="constant"
    )
    np.testing.assert_allclose(ours, librosa.power_to_db(power, amin=1e-10, top_db=None).T, atol=0.01)


def test_channels_are_named_and_a_tone_sits_in_its_band() -> None:
    extractor = VoiceFeatureExtractor()
    batch = extractor([np.sin(2 * np.pi * 1_000 * TIME).astype(np.float32)])
    assert len(extractor.channels) == batch["input_features"].shape[2] == extractor.bands + 5
    loudest = int(batch["input_features"][0, 50, : extractor.bands].argmax())
    assert abs(extractor.band_hz[loudest] - 1_000) < 80
    assert extractor.hop_seconds == 0.01


def test_a_batch_is_its_rows_padded() -> None:
    extractor = VoiceFeatureExtractor()
    short, long = voice(100)[:4_000], voice(100)
    batch = extractor([short, long])
    assert batch["attention_mask"].sum(1).tolist() == [26, 101]
    np.testing.assert_array_equal(batch["input_features"][0, :26], extractor([short])["input_features"][0])
    assert (batch["input_features"][0, 26:] == 0).all()


@pytest.mark.parametrize(
    "sound",
    [np.zeros(1), np.ones(1), np.zeros(8_000), np.full(5_000, 0.3), np.full(300, -1.0), 1e-20 * TIME, 1e3 * TIME],
)
def test_any_sound_gives_finite_features_without_a_warning(sound: np.ndarray) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        features = VoiceFeatureExtractor()([sound.astype(np.float32)])["input_features"]
    assert features.isfinite().all()


@pytest.mark.parametrize("samples", [600, 4_000, 9_001])
def test_zero_crossings_are_changes_of_sign_a_sample(samples: int) -> None:
    rng = np.random.default_rng(samples)
    sound = np.where(rng.random(samples) < 0.2, 0.0, rng.normal(0, 0.1, samples)).astype(np.float32)
    extractor = VoiceFeatureExtractor()
    found = extractor([sound])["input_features"][0, :, extractor.channels.index("zero crossings")]
    drawn_on = np.pad(sound, 256, mode="edge")
    expected = []
    for start in range(0, samples + 1, 160):
        signs = [value < 0 for value in drawn_on[start : start + 512]]
        expected.append(sum(one != other for one, other in pairwise(signs)) / 512)
    np.testing.assert_allclose(found.numpy(), expected, atol=1e-6)
