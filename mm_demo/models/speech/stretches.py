"""Which stretch of the sound each element of a sequence stands for."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np


def stretches(middles: Sequence[float], end: float) -> tuple[tuple[float, float], ...]:
    """Divide a sound without gap or overlap: each moment belongs to the element whose middle is nearest.

    Args:
        middles: of the elements, ascending, in seconds.
        end: length of the sound, in seconds.

    Returns:
        (start, end) per element, in seconds. Elements wholly behind the end, where a model reads padding, are empty
        and lie at the end.
    """
    edges = [0.0, *(min((a + b) / 2, end) for a, b in pairwise(middles)), end]
    return tuple(pairwise(edges))


def distinct(times: Sequence[tuple[float, float]]) -> tuple[np.ndarray, np.ndarray]:
    """The stretches that elements stand for, each once.

    Args:
        times: (start, end) of each element in seconds; several may share one.

    Returns:
        (stretches, 2) in order, and for each element the index of its stretch.
    """
    found, place = np.unique(np.array(times), axis=0, return_inverse=True)
    return found, place.reshape(-1)
