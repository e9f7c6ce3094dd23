"""Pitch and voicing of speech, frame by frame, by autocorrelation (Boersma 1993).

One transform gives both the pitch and how voiced a frame is. `librosa.yin` gives no voicing, and `librosa.pyin` takes
longer than the sound lasts.
"""

from __future__ import annotations

import librosa
import numpy as np
import scipy.fft
import scipy.signal
from numpy.typing import NDArray

Floats = NDArray[np.float32]

LOWEST, HIGHEST = 60.0, 500.0
"""Range of the pitch in Hz."""

_VOICED = 0.45
_OCTAVE_COST = 0.02
_SMOOTHED = 5


def track(sound: Floats, rate: int, hop: int) -> tuple[Floats, Floats]:
    """Follow the pitch of a sound.

    Args:
        sound: (samples,), at least one sample.
        rate: samples a second.
        hop: samples from one frame to the next; frames are centred.

    Returns:
        Pitch in Hz, (1 + samples // hop,), drawn on in a straight line through unvoiced frames (the middle of the
        range, as musicians count, where nothing is voiced), and voicing, the same shape, 0…1: the share of the
        frame's power that repeats with this pitch.
    """
    length = 1 << int(np.ceil(np.log2(2.5 * rate / LOWEST)))
    window = np.hanning(length).astype(np.float32)
    frames = librosa.util.frame(np.pad(sound, length // 2), frame_length=length, hop_length=hop, axis=0)
    frames = (frames - frames.mean(1, keepdims=True)) * window
    shortest, longest = int(rate / HIGHEST), int(rate / LOWEST) + 1
    correlation = _autocorrelation(frames)[:, : longest + 2]
    power = correlation[:, :1]
    usual = _autocorrelation(window[None])[:, : longest + 2]
    strength = correlation / np.maximum(power, 1e-9) / (usual / usual[:, :1])

    lags = np.arange(shortest, longest + 1)
    middle = strength[:, lags]
    summit = (middle >= strength[:, lags - 1]) & (middle >= strength[:, lags + 1])
    chosen = lags[np.where(summit, middle - _OCTAVE_COST * np.log2(lags / shortest), -1.0).argmax(1)]
    rows = np.arange(len(frames))
    before, peak, after = (strength[rows, chosen + step] for step in (-1, 0, 1))
    found = summit.any(1)
    bend = before - 2 * peak + after
    shift = np.where(bend < -1e-6, 0.5 * (before - after) / np.minimum(bend, -1e-6), 0.0).clip(-0.5, 0.5)
    voicing = np.where(found & (power[:, 0] > 1e-9 * length), peak, 0.0).clip(0.0, 1.0)
    pitch = np.log(rate / (chosen + shift))

    voiced = np.flatnonzero(voicing > _VOICED)
    if len(voiced) == 0:
        pitch = np.full(len(frames), np.log(LOWEST * HIGHEST) / 2)
    else:
        pitch = np.interp(
            rows, voiced, scipy.signal.medfilt(pitch[voiced], _SMOOTHED) if len(voiced) > 4 else pitch[voiced]
        )
    return np.exp(pitch).astype(np.float32), voicing.astype(np.float32)


def _autocorrelation(frames: Floats) -> Floats:
    """Of every row of (rows, length), linear (not circular), the same shape."""
    length = frames.shape[1]
    spectrum = scipy.fft.rfft(frames, 2 * length, axis=1)
    return np.asarray(scipy.fft.irfft(np.abs(spectrum) ** 2, axis=1)[:, :length])
