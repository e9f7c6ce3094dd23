"""Which stretch of the sound each element of a sequence stands for."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise


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
