"""Stretches of a sound taken away: what stands where they were, before anything is measured in it."""

from __future__ import annotations

import numpy as np

from mm_demo.models.speech import RATE

WAYS = ("silence", "noise")
"""What takes a removed stretch's place: zeros, or white noise of the whole recording's level."""

_SEED = 0


def without_stretches(sound: np.ndarray, times: np.ndarray, kept: np.ndarray, way: str) -> list[np.ndarray]:
    """One sound per row of `kept`, each (samples,) float32.

    Args:
        sound: (samples,) float32 at `RATE`.
        times: (stretches, 2), start and end of each in seconds, in order.
        kept: (n, stretches) bool, True where a stretch stays.
        way: one of `WAYS`.

    Raises:
        ValueError: there is no such way.
    """
    if way == "silence":
        filled = np.zeros_like(sound)
    elif way == "noise":
        level = np.sqrt(np.mean(np.square(sound, dtype=np.float64)))
        filled = (level * np.random.default_rng(_SEED).standard_normal(len(sound))).clip(-1, 1).astype(np.float32)
    else:
        raise ValueError(f"no way '{way}' of removing sound; choose one of: {', '.join(WAYS)}")
    places = [slice(*(round(float(at) * RATE) for at in stretch)) for stretch in times]
    varied = []
    for row in kept:
        one = sound.copy()
        for gone in np.flatnonzero(~row):
            one[places[gone]] = filled[places[gone]]
        varied.append(one)
    return varied
