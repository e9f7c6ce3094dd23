"""From sound to what a voice model hears: mel bands, pitch, voicing and energy over time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import librosa
import numpy as np
import torch
from numpy.typing import NDArray
from transformers import BatchFeature, SequenceFeatureExtractor

from mm_demo.models.voice import pitch

_BEYOND_BANDS = ("pitch", "voicing", "energy", "zero crossings", "flatness")
_SILENCE = 1e-10
"""Power below which everything is silence: -100 dB."""


class VoiceFeatureExtractor(SequenceFeatureExtractor):
    """Frames of a `VoiceForEmotionClassification`, made by librosa.

    Args:
        num_bands: mel bands.
        hop_length: samples from one frame to the next.
        window_length: samples a frame covers (Hann window).
        fft_length: samples of the Fourier transform.
        sampling_rate: samples a second; nothing here resamples.
    """

    model_input_names = ["input_features", "attention_mask"]

    def __init__(
        self,
        num_bands: int = 40,
        hop_length: int = 160,
        window_length: int = 400,
        fft_length: int = 512,
        sampling_rate: int = 16_000,
        **kwargs: Any,
    ) -> None:
        self.num_bands = num_bands
        self.hop_length = hop_length
        self.window_length = window_length
        self.fft_length = fft_length
        kwargs["feature_size"] = num_bands + len(_BEYOND_BANDS)
        kwargs.setdefault("padding_value", 0.0)
        super().__init__(sampling_rate=sampling_rate, **kwargs)

    @property
    def channels(self) -> tuple[str, ...]:
        """Names of the channels: the bands by their centre frequency, then "pitch", "voicing", "energy" and so on."""
        return (*(f"{hz:.0f} Hz" for hz in self.band_hz), *_BEYOND_BANDS)

    @property
    def bands(self) -> int:
        """How many of the channels, the first ones, are mel bands."""
        return self.num_bands

    @property
    def band_hz(self) -> tuple[float, ...]:
        """Centre frequency of every mel band in Hz, lowest first."""
        edges = librosa.mel_frequencies(self.num_bands + 2, fmin=0.0, fmax=self.sampling_rate / 2)
        return tuple(float(hz) for hz in edges[1:-1])

    @property
    def hop_seconds(self) -> float:
        """Time from one frame to the next; frame i is centred on `i * hop_seconds`."""
        return float(self.hop_length / self.sampling_rate)

    def __call__(self, sounds: Sequence[NDArray[np.float32]], **_: Any) -> BatchFeature:
        """Features of one or several sounds.

        Args:
            sounds: float arrays (samples,), mono, at `sampling_rate`, -1…1, finite, at least one sample each.

        Returns:
            "input_features": float32 (batch, frames, channels): bands in dB, pitch in log Hz, voicing 0…1, energy in
            dB, zero crossings a sample 0…1, spectral flatness in dB; zero where padded. "attention_mask": bool
            (batch, frames), False where padded.
        """
        rows = [self._frames(np.asarray(sound, dtype=np.float32)) for sound in sounds]
        longest = max(len(row) for row in rows)
        features = np.zeros((len(rows), longest, len(self.channels)), dtype=np.float32)
        mask = np.zeros((len(rows), longest), dtype=bool)
        for index, row in enumerate(rows):
            features[index, : len(row)] = row
            mask[index, : len(row)] = True
        return BatchFeature({"input_features": torch.from_numpy(features), "attention_mask": torch.from_numpy(mask)})

    def _frames(self, sound: NDArray[np.float32]) -> NDArray[np.float32]:
        """(frames, channels) of one sound; frames = 1 + samples // hop_length, of at least one whole window."""
        sound = np.pad(sound, (0, max(0, self.fft_length - len(sound))))
        magnitude = np.abs(
            librosa.stft(
                sound,
                n_fft=self.fft_length,
                hop_length=self.hop_length,
                win_length=self.window_length,
                pad_mode="constant",
            )
        )
        bands = librosa.feature.melspectrogram(S=magnitude**2, sr=self.sampling_rate, n_mels=self.num_bands)
        hz, voicing = pitch.track(sound, self.sampling_rate, self.hop_length)
        framing = {"frame_length": self.fft_length, "hop_length": self.hop_length}
        energy = librosa.feature.rms(y=sound, **framing)[0] ** 2
        crossings = _crossings(sound, **framing)
        flatness = librosa.feature.spectral_flatness(S=magnitude)[0]
        return np.concatenate(
            [
                _decibels(bands),
                np.log(hz)[None],
                voicing[None],
                _decibels(energy)[None],
                crossings[None],
                _decibels(flatness)[None],
            ]
        ).T.astype(np.float32)


def _crossings(sound: NDArray[np.float32], frame_length: int, hop_length: int) -> NDArray[np.float64]:
    """(frames,): zero crossings a sample, what `librosa.feature.zero_crossing_rate` gives.

    librosa has numba compile its own, which takes seconds at the first call, and was seen to crash when that call came
    from a thread on a machine where nothing was compiled yet.
    """
    quiet = np.where(np.abs(sound) <= 1e-10, 0.0, sound)
    padded = np.pad(quiet, frame_length // 2, mode="edge")
    negative = np.signbit(librosa.util.frame(padded, frame_length=frame_length, hop_length=hop_length))
    return np.asarray((negative[1:] != negative[:-1]).sum(0) / frame_length)


def _decibels(power: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(10 * np.log10(np.maximum(power, _SILENCE)))
