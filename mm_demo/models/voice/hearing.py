"""What a voice model makes of its input before anything is learned: loudness, cepstra and pitch, level taken out."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from mm_demo.models.voice.configuration import VoiceConfig

_FLOOR = -55.0
"""Decibels below the utterance's own level at which everything counts as silence, whatever the room."""

_QUIET, _SOFTNESS = -20.0, 4.0
"""Where in decibels below the level a frame begins to count as speech, and how gradually."""

_USUAL_PITCH = math.log(160.0)
_BEYOND_BANDS = 7


class Hearing(nn.Module):
    """Bands, cepstra, bands normalised over the utterance, and the course of pitch and energy; all differentiable.

    Attributes:
        cosines: (bands, coefficients), the orthonormal cosine transform that makes cepstra (MFCC) of log-mel bands.
        mean, deviation: (size,), of every channel over the training speech; what comes out is standardised by them.
    """

    cosines: Tensor
    mean: Tensor
    deviation: Tensor

    def __init__(self, config: VoiceConfig) -> None:
        super().__init__()
        self.num_bands = config.num_bands
        self.size = 2 * config.num_bands + config.num_coefficients + _BEYOND_BANDS
        self.register_buffer("cosines", cosine_transform(config.num_bands, config.num_coefficients))
        self.register_buffer("mean", torch.zeros(self.size))
        self.register_buffer("deviation", torch.ones(self.size))

    def forward(self, features: Tensor, mask: Tensor) -> Tensor:
        """What is heard, standardised, zero where masked.

        Args:
            features: (batch, frames, channels) as `VoiceFeatureExtractor` makes them.
            mask: bool (batch, frames).

        Returns:
            (batch, frames, size).
        """
        heard = ((self.measure(features, mask) - self.mean) / self.deviation) * mask[..., None]
        return heard.to(features.dtype)

    def measure(self, features: Tensor, mask: Tensor) -> Tensor:
        """The same as `forward`, before it is standardised and masked, in float32: half precision holds no powers."""
        features = features.float()
        bands = features[..., : self.num_bands]
        pitch, voicing, _, crossings, flatness = features[..., self.num_bands :].unbind(-1)
        power = (10 ** (bands / 10)).sum(-1)
        level = 10 * torch.log10(_mean(power, mask).clamp_min(1e-10))
        loudness = (10 * torch.log10(power.clamp_min(1e-10)) - level[:, None]).clamp_min(_FLOOR)
        relative = (bands - level[:, None, None]).clamp_min(_FLOOR)
        cepstra = relative @ self.cosines.float()
        speech = torch.sigmoid((loudness - _QUIET) / _SOFTNESS) * mask
        centred = relative - _mean(relative, speech)[:, None]
        normal = centred / (_mean(centred**2, speech) + 1.0).sqrt()[:, None]
        voiced = (voicing - 0.4).clamp_min(0.0) * mask
        height = pitch - _USUAL_PITCH
        course = height - _mean(height, voiced)[:, None]
        rest = torch.stack([height, course, voicing, course * voicing, loudness, crossings, flatness], -1)
        return torch.cat([relative, cepstra, normal, rest], -1)


def cosine_transform(bands: int, coefficients: int) -> Tensor:
    """The orthonormal type-II discrete cosine transform as a matrix (bands, coefficients)."""
    angle = math.pi / bands * (torch.arange(bands)[:, None] + 0.5) * torch.arange(coefficients)
    scale = torch.full((coefficients,), math.sqrt(2 / bands))
    scale[0] = math.sqrt(1 / bands)
    return torch.cos(angle) * scale


def _mean(values: Tensor, weights: Tensor) -> Tensor:
    """Weighted mean over the frames: (batch, frames, …) by (batch, frames) to (batch, …); zero where nothing weighs."""
    spread = weights.to(values.dtype).reshape(*weights.shape, *[1] * (values.ndim - 2))
    return (values * spread).sum(1) / spread.sum(1).clamp_min(1e-6)
