"""Voices and words made unreliable, by a known amount."""

from __future__ import annotations

import string
from random import Random

import numpy as np

_SILENCE = 1e-4
"""Noise is never quieter than this root mean square, so that a silent recording gets some, too."""


def noisy(samples: np.ndarray, decibels: float, rng: np.random.Generator) -> np.ndarray:
    """A recording under white noise.

    Args:
        samples: (n,) float32.
        decibels: signal-to-noise ratio over the whole recording; 0 is noise as loud as the voice.
    """
    level = max(float(np.sqrt(np.mean(np.square(samples)))), _SILENCE)
    noise = rng.standard_normal(len(samples)) * level * 10 ** (-decibels / 20)
    mixed = samples + noise
    return np.asarray(mixed / max(1.0, float(np.abs(mixed).max())), dtype=np.float32)


def garbled(text: str, share: float, rng: Random) -> str:
    """A text of which this share of the words, 0…1, is replaced by as many random letters or left out."""
    words = text.split()
    lost = set(rng.sample(range(len(words)), round(share * len(words))))
    kept = [_noise_word(len(word), rng) if i in lost else word for i, word in enumerate(words)]
    return " ".join(word for word in kept if word)


def _noise_word(length: int, rng: Random) -> str:
    return "" if rng.random() < 0.5 else "".join(rng.choice(string.ascii_lowercase) for _ in range(length))
