"""Batches of utterances, each row disturbed anew in its features."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

_LONGEST = 400
"""Frames of a row at most: of a longer one a stretch is drawn."""

_CLEAN = 0.5
_TEMPO, _THROAT, _PITCH, _COLOUR = 0.15, 0.1, 0.2, 2.0
"""Largest change of tempo, of formants and of pitch (natural logarithms); deviation of the sound's colour in dB."""


def pad(rows: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
    """Rows (frames, channels) of various lengths as (batch, frames, channels) and their mask, bool (batch, frames)."""
    features = torch.nn.utils.rnn.pad_sequence(list(rows), batch_first=True)
    lengths = torch.tensor([len(row) for row in rows])
    return features, torch.arange(features.shape[1]) < lengths[:, None]


def draw(copies: Sequence[Tensor], bands: int, rng: np.random.Generator) -> Tensor:
    """One of an utterance's copies (the clean one half the time), its features disturbed anew.

    Args:
        copies: features (frames, channels) of the same utterance, the clean one first.
        bands: how many of the channels, the first ones, are mel bands; pitch follows them.
        rng: of every draw.

    Returns:
        (other frames, channels): tempo, stretch, vocal tract (Jaitly & Hinton 2013), pitch and colour changed.
    """
    chosen = 0 if len(copies) == 1 or rng.random() < _CLEAN else int(rng.integers(1, len(copies)))
    frames = max(20, round(len(copies[chosen]) * float(np.exp(rng.uniform(-_TEMPO, _TEMPO)))))
    features = functional.interpolate(copies[chosen].T[None], frames, mode="linear", align_corners=True)[0].T.clone()
    start = int(rng.integers(0, max(0, frames - _LONGEST) + 1))
    features = features[start : start + _LONGEST]
    place = (torch.arange(bands) * float(np.exp(rng.uniform(-_THROAT, _THROAT)))).clamp_max(bands - 1)
    below = place.long()
    above = (below + 1).clamp_max(bands - 1)
    features[:, :bands] = torch.lerp(features[:, below], features[:, above], place - below)
    colour = torch.from_numpy(rng.normal(0, _COLOUR, (1, 1, 6))).float()
    features[:, :bands] += functional.interpolate(colour, bands, mode="linear", align_corners=True)[0, 0]
    features[:, bands] += rng.uniform(-_PITCH, _PITCH)
    return features
