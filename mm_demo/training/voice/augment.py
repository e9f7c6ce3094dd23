"""Other rooms, microphones, noises and throats for a recording of speech."""

from __future__ import annotations

import numpy as np
import scipy.signal
import soxr
from numpy.typing import NDArray

Floats = NDArray[np.float32]


def disturb(sound: Floats, rate: int, rng: np.random.Generator) -> Floats:
    """The recording as if it had been made otherwise: (samples,) to (other samples,), float32.

    In turn and each with its own chance: another size of speaker (played faster or slower, so that pitch, formants
    and tempo move together), a room, a microphone's band and tilt, noise, silence around, another gain.
    """
    changed = sound
    if rng.random() < 0.6:
        changed = soxr.resample(changed, rate, rate * rng.uniform(0.9, 1.12))
    if rng.random() < 0.35:
        changed = _room(changed, rate, rng)
    if rng.random() < 0.5:
        changed = _microphone(changed, rate, rng)
    if rng.random() < 0.5:
        changed = changed + noise(len(changed), rng) * _level(changed) * 10 ** (-rng.uniform(5, 40) / 20)
    if rng.random() < 0.4:
        changed = np.pad(changed, (int(rate * rng.uniform(0, 0.5)), int(rate * rng.uniform(0, 0.5))))
        changed = changed + noise(len(changed), rng) * _level(changed) * 10 ** (-rng.uniform(35, 60) / 20)
    peak = float(np.abs(changed).max())
    return np.asarray(changed * (10 ** (-rng.uniform(0, 25) / 20) / max(peak, 1e-6)), dtype=np.float32)


def noise(samples: int, rng: np.random.Generator) -> Floats:
    """Noise (samples,) of unit power, of a random colour between violet's half and brown."""
    white = np.fft.rfft(rng.standard_normal(samples))
    coloured = np.fft.irfft(white * np.arange(1, len(white) + 1) ** rng.uniform(-1.0, 0.25), samples)
    return np.asarray(coloured / max(_level(coloured), 1e-9), dtype=np.float32)


def _level(sound: NDArray[np.floating]) -> float:
    return float(np.sqrt(np.mean(sound**2)))


def _room(sound: Floats, rate: int, rng: np.random.Generator) -> Floats:
    """Exponentially decaying noise after the direct sound: the classic model of a room's echo."""
    seconds = rng.uniform(0.1, 0.7)
    time = np.arange(int(rate * seconds)) / rate
    echo = rng.standard_normal(len(time)) * np.exp(-6.9 * time / seconds)
    echo *= rng.uniform(0.1, 0.9) / max(float(np.sqrt(np.sum(echo**2))), 1e-9)
    echo[0] += 1.0
    return np.asarray(scipy.signal.fftconvolve(sound, echo)[: len(sound)], dtype=np.float32)


def _microphone(sound: Floats, rate: int, rng: np.random.Generator) -> Floats:
    """A band with soft edges, and a tilt within it."""
    spectrum = np.fft.rfft(sound)
    hz = np.fft.rfftfreq(len(sound), 1 / rate)
    low, high = rng.uniform(20, 300), rng.uniform(3_000, rate / 2)
    tilt = rng.uniform(-4, 4) * np.log2(np.maximum(hz, 50) / 1_000)
    gain = 10 ** (tilt / 20) / np.sqrt((1 + (low / np.maximum(hz, 1)) ** 4) * (1 + (hz / high) ** 8))
    return np.asarray(np.fft.irfft(spectrum * gain, len(sound)), dtype=np.float32)
