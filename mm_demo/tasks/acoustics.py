"""A sound as a page draws it: waveform, Mel spectrogram, MFCC, pitch and energy over one axis of time."""

from __future__ import annotations

import librosa
import numpy as np

from mm_demo.models.speech import RATE
from mm_demo.models.voice import pitch
from mm_demo.tasks.sentiment_result import Acoustics

FRAMES = 1_200
"""More frames or columns than this no page can show."""

BANDS = 64
COEFFICIENTS = 13

_HOP = RATE // 100
_WINDOW = 512
_QUIET_POWER = 3e-4
"""Mel power of a tone at −60 dB of full scale: what is quieter stays dark instead of being drawn as loud."""

_VOICED_DB = 35.0
"""A voice is at most this much quieter than the loudest frame…"""
_VOICED_FLOOR_DB = -55.0
"""…and louder than this, of full scale."""
_PERIODIC = 0.6
"""The share of a frame's power that must repeat with its pitch, 0…1."""


def acoustics(samples: np.ndarray) -> Acoustics:
    """Measure a sound.

    Frames follow each other every 10 ms, or further apart where there would be more than `FRAMES`.

    Args:
        samples: (n,) float32, n ≥ 1, mono at 16 kHz, −1…1.
    """
    hop = max(_HOP, len(samples) // FRAMES + 1)
    frames = 1 + len(samples) // hop
    window = max(_WINDOW, 1 << (hop - 1).bit_length())  # no sample may fall between two frames
    padded = np.pad(samples, (0, max(0, window - len(samples))))

    power = librosa.feature.melspectrogram(y=padded, sr=RATE, n_fft=window, hop_length=hop, n_mels=BANDS)[:, :frames]
    mel_db = librosa.power_to_db(power, ref=max(float(power.max()), _QUIET_POWER))
    rms = librosa.feature.rms(y=padded, frame_length=window, hop_length=hop)[0, :frames]
    energy_db = librosa.amplitude_to_db(rms, ref=1.0, top_db=None)
    return Acoustics(
        times=np.arange(frames) * hop / RATE,
        seconds=len(samples) / RATE,
        waveform=_envelope(samples),
        mel_db=mel_db,
        mel_hertz=librosa.mel_frequencies(BANDS + 2, fmin=0, fmax=RATE / 2)[1:-1],
        mfcc=librosa.feature.mfcc(S=mel_db, n_mfcc=COEFFICIENTS),
        pitch_hertz=_pitch(padded, hop, energy_db),
        energy_db=energy_db,
    )


def _envelope(samples: np.ndarray) -> np.ndarray:
    """(columns, 2): lowest and highest sample of each column."""
    columns = min(FRAMES, len(samples))
    starts = np.arange(columns) * len(samples) // columns
    return np.stack([np.minimum.reduceat(samples, starts), np.maximum.reduceat(samples, starts)], axis=1)


def _pitch(samples: np.ndarray, hop: int, energy_db: np.ndarray) -> np.ndarray:
    """(frames,) hertz, NaN where a frame is quiet or not periodic."""
    hertz, voicing = pitch.track(samples, RATE, hop)
    loud = energy_db > max(_VOICED_FLOOR_DB, float(energy_db.max()) - _VOICED_DB)
    frames = len(energy_db)
    return np.where(loud & (voicing[:frames] > _PERIODIC), hertz[:frames], np.nan)
