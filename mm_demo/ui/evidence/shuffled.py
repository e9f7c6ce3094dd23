"""For trying the check itself: maps that are shuffled on purpose, so that one can see them called unsupported."""

from __future__ import annotations

import os

import numpy as np

SHUFFLE = "MM_DEMO_SHUFFLE_MAPS"
"""Environment variable; with "1" every map is shuffled, as it is drawn and as it is checked alike."""


def as_asked(values: np.ndarray) -> np.ndarray:
    """The map as it is; or, if `SHUFFLE` asks for it, its cells in an order that depends only on how many there are."""
    if os.environ.get(SHUFFLE) != "1":
        return values
    flat = np.asarray(values).ravel()
    return flat[np.random.default_rng(len(flat)).permutation(len(flat))].reshape(np.shape(values))
