"""Many variants of one sound or text, judged a bounded number at a time."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import numpy as np
import torch
from torch import Tensor

from mm_demo.models.speech.encoders import Encoder, Variants
from mm_demo.models.speech.family import SENTIMENTS

Given = TypeVar("Given", np.ndarray, str)


def in_batches(
    encoder: Encoder[Given], given: Given | None, removal: str, judge: Callable[[Variants], Tensor]
) -> Callable[[np.ndarray], np.ndarray]:
    """From (n, elements) bool, True where an element is kept, to (n, 3) float64.

    Args:
        encoder: of what is cut up.
        given: what is cut up.
        removal: one of the encoder's.
        judge: from some variants to their probabilities (some, 3).

    Raises:
        ValueError: nothing is given.
    """
    if given is None:
        raise ValueError(f"there is no {encoder.modality} to take parts of")
    step = encoder.at_once(given)

    def probabilities(kept: np.ndarray) -> np.ndarray:
        found = np.empty((len(kept), len(SENTIMENTS)))
        with torch.no_grad():
            for start in range(0, len(kept), step):
                some = slice(start, start + step)
                found[some] = judge(encoder.vary(given, kept[some], removal)).double().cpu().numpy()
        return found

    return probabilities
