"""One input of an answer, cut into elements that can be taken away: what evidence asks of a model, and all it asks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

Part = Literal["image", "text", "audio"]
Unit = Literal["probability", "score"]


@dataclass(frozen=True)
class Probe:
    """An answer that can be asked again with parts of its input missing.

    Tasks make probes; whatever uses one needs to know neither the model nor the way in which elements are removed.

    Attributes:
        part: which input is cut up; everything else of the input stays as it was.
        answer: what is scored, as a person reads it: an answer, a word of the caption, a sentiment, the match.
        unit: "probability" in 0…1, or "score", any number that is higher for more of the answer.
        removal: name of the way elements are taken away ("mean", "silence", …).
        labels: (elements,) what a person calls each; empty strings for patches and stretches of sound.
        shape: (rows, cols) of an image's patches, row after row; None for texts and sounds.
        relevance: (elements,) what the map that is being checked says; higher means that the answer rests more on it.
        score: (n, elements) bool, True where an element is kept → (n,) float64 of the answer, evaluated in batches.
            Deterministic: the same rows give the same numbers.
    """

    part: Part
    answer: str
    unit: Unit
    removal: str
    labels: tuple[str, ...]
    shape: tuple[int, int] | None
    relevance: np.ndarray
    score: Callable[[np.ndarray], np.ndarray]
