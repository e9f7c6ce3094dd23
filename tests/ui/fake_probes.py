"""Probes of the stand-in tasks: they know which elements an answer rests on, and count how much of that is left."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image

from mm_demo.evidence.probe import Part, Probe
from tests.ui.fakes_common import COLS, ROWS

REMOVALS = {"image": ("mean", "blur"), "text": ("mask", "pad"), "audio": ("silence", "noise")}
CERTAIN, GUESSED = 0.93, 0.02
"""Probability of an answer with all it rests on, and with nothing of it."""


def coloured(picture: Image.Image) -> np.ndarray:
    """(ROWS, COLS) how colourful each patch is, 0…1; a pale tint, as erasing leaves one, is no colour."""
    small = np.asarray(picture.convert("HSV").resize((COLS, ROWS), Image.Resampling.BOX), float)[..., 1] / 255
    return np.where(small > 0.3, small, 0.0)


def share_map(truth: np.ndarray) -> np.ndarray:
    """The same as a map: a little everywhere, sums to 1."""
    values = truth + 1e-3
    return values / values.sum()


def probe(
    part: Part,
    answer: str,
    removal: str,
    relevance: np.ndarray,
    truth: np.ndarray,
    labels: Sequence[str] = (),
) -> Probe:
    """An answer whose probability is proportional to how much of `truth` is kept."""
    weights = np.asarray(truth, float).ravel()
    weights = weights / max(weights.sum(), 1e-9)
    return Probe(
        part=part,
        answer=answer,
        unit="probability",
        removal=removal,
        labels=tuple(labels) or ("",) * len(weights),
        shape=(ROWS, COLS) if part == "image" else None,
        relevance=np.asarray(relevance, float).ravel(),
        score=lambda kept: GUESSED + (CERTAIN - GUESSED) * (np.asarray(kept, float) @ weights),
    )
