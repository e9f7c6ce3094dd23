"""What a page draws of a sound, against sounds whose pitch, level and frequencies are known."""

from __future__ import annotations

import warnings
from collections.abc import Iterator

import numpy as np
import pytest

from mm_demo.tasks.acoustics import BANDS, COEFFICIENTS, FRAMES, acoustics

RATE = 16_000


@pytest.fixture(autouse=True)
def warnings_are_errors() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def buzz(hertz: np.ndarray, level: float = 0.3) -> np.ndarray:
    """A voice-like wave of many harmonics whose pitch is given sample by sample."""
    phase = 2 * np.pi * np.cumsum(hertz) / RATE
    return (level * sum(np.sin(k * phase) / k for k in range(1, 8))).astype(np.float32)


@pytest.mark.parametrize("hertz", [80.0, 123.0, 220.0, 400.0])
def test_pitch_of_a_steady_voice(hertz: float) -> None:
    pitch = acoustics(buzz(np.full(RATE, hertz))).pitch_hertz[5:-5]
    assert np.abs(pitch / hertz - 1).max() < 0.02


def test_pitch_follows_a_gliding_voice() -> None:
    hertz = np.linspace(100, 200, 2 * RATE)
    found = acoustics(buzz(hertz))
    inner = slice(10, -10)
    true = np.interp(found.times, np.arange(2 * RATE) / RATE, hertz)
    assert np.abs(found.pitch_hertz / true - 1)[inner].max() < 0.03


def test_noise_silence_and_pauses_have_no_pitch() -> None:
    noise = np.random.default_rng(0).normal(0, 0.1, RATE).astype(np.float32)
    assert np.isfinite(acoustics(noise).pitch_hertz).mean() < 0.05
    for level in (0.0, 0.5):
        assert np.isnan(acoustics(np.full(RATE, level, np.float32)).pitch_hertz[5:-5]).all()
    paused = np.concatenate([buzz(np.full(RATE, 150.0)), np.zeros(RATE, np.float32)])
    found = acoustics(paused)
    assert np.isfinite(found.pitch_hertz[found.times < 0.9]).mean() > 0.9
    assert np.isnan(found.pitch_hertz[found.times > 1.1]).all()


@pytest.mark.parametrize("hertz", [300.0, 1000.0, 3000.0])
def test_a_tone_is_loudest_in_its_own_band(hertz: float) -> None:
    wave = (0.5 * np.sin(2 * np.pi * hertz * np.arange(RATE) / RATE)).astype(np.float32)
    found = acoustics(wave)
    assert found.mel_db[:, 5:-5].mean(1).argmax() == np.abs(found.mel_hertz - hertz).argmin()
    assert found.mel_db.max() == pytest.approx(0, abs=1e-3) and found.mel_db.min() >= -80.001
    assert found.energy_db[5:-5] == pytest.approx(20 * np.log10(0.5 / np.sqrt(2)), abs=0.1)


def test_the_cepstrum_is_the_cosine_transform_of_the_spectrogram() -> None:
    found = acoustics(buzz(np.full(RATE, 150.0)))
    k, b = np.arange(COEFFICIENTS)[:, None], np.arange(BANDS)
    basis = np.cos(np.pi * k * (2 * b + 1) / (2 * BANDS)) * np.sqrt(2 / BANDS)
    basis[0] /= np.sqrt(2)
    assert np.abs(found.mfcc - basis @ found.mel_db).max() < 1e-2


def test_silence_is_dark() -> None:
    assert acoustics(np.zeros(RATE, np.float32)).mel_db.max() < -60


@pytest.mark.parametrize("samples", [1, 2, 159, 160, 161, 511, 513, 4_800, 191_999, 192_000, 960_000])
def test_any_length_fits_a_page(samples: int) -> None:
    wave = np.random.default_rng(samples).normal(0, 0.1, samples).astype(np.float32)
    for sound in (wave, np.zeros(samples, np.float32)):
        found = acoustics(sound)
        frames = len(found.times)
        assert 1 <= frames <= FRAMES and found.seconds == samples / RATE
        assert found.mel_db.shape == (BANDS, frames) and found.mfcc.shape == (COEFFICIENTS, frames)
        assert found.pitch_hertz.shape == found.energy_db.shape == (frames,)
        assert found.times[0] == 0 and found.times[-1] <= found.seconds and (np.diff(found.times) > 0).all()
        assert np.isfinite(found.mel_db).all() and np.isfinite(found.energy_db).all()


@pytest.mark.parametrize("samples", [1, 700, 1_200, 1_201, 50_000])
def test_the_waveform_holds_every_extreme(samples: int) -> None:
    wave = np.random.default_rng(0).normal(0, 0.1, samples).astype(np.float32)
    drawn = acoustics(wave).waveform
    assert drawn.shape == (min(samples, FRAMES), 2)
    assert drawn[:, 0].min() == wave.min() and drawn[:, 1].max() == wave.max()
    assert (drawn[:, 0] <= drawn[:, 1]).all()
    column = int(wave.argmax()) * len(drawn) // samples
    assert wave.max() in drawn[max(0, column - 1) : column + 2, 1], "where it is"
