"""Everything on one time axis: stretches and frames of any length, averaged onto equal columns."""

from __future__ import annotations

import numpy as np


def stretches(middles: np.ndarray) -> np.ndarray:
    """The (n, 2) stretches in seconds whose borders lie midway between (n,) ascending middles."""
    middles = np.asarray(middles, dtype=np.float64)
    if len(middles) == 1:
        return np.array([[0.0, 2 * middles[0]]])
    inner = (middles[1:] + middles[:-1]) / 2
    first, last = 2 * middles[0] - inner[0], 2 * middles[-1] - inner[-1]
    return np.stack([np.r_[first, inner], np.r_[inner, last]], axis=1)


def onto_columns(times: np.ndarray, values: np.ndarray, seconds: float, columns: int) -> np.ndarray:
    """The mean of the values within each column, weighed by how long each stretch lies in it.

    Args:
        times: (n, 2) start and end of each stretch in seconds; stretches may overlap.
        values: (..., n).
        seconds: length of the axis.
        columns: how many equal columns it has.

    Returns:
        (..., columns) float64; 0 in a column that no stretch reaches.
    """
    edges = np.linspace(0, seconds, columns + 1)
    starts, ends = np.maximum(times[:, :1], edges[:-1]), np.minimum(times[:, 1:], edges[1:])
    inside = np.maximum(ends - starts, 0.0)
    covered = inside.sum(axis=0)
    return np.asarray(values, dtype=np.float64) @ inside / np.where(covered > 0, covered, 1.0)


def density(times: np.ndarray, relevance: np.ndarray) -> np.ndarray:
    """(n,) relevance per second of each stretch, so that short and long stretches can be compared."""
    lengths = times[:, 1] - times[:, 0]
    return np.asarray(relevance, dtype=np.float64) / np.where(lengths > 0, lengths, 1.0)


def strongest(times: np.ndarray, relevance: np.ndarray) -> tuple[float, float, float] | None:
    """The stretch around the peak where the relevance per second stays above half of the peak's.

    Returns:
        (start and end in seconds, share of all relevance 0…1); None where nothing has any relevance.
    """
    total = float(np.sum(relevance))
    if len(times) == 0 or not total > 0:
        return None
    high = density(times, relevance)
    first = last = int(high.argmax())
    while first > 0 and high[first - 1] >= high.max() / 2:
        first -= 1
    while last < len(high) - 1 and high[last + 1] >= high.max() / 2:
        last += 1
    return float(times[first, 0]), float(times[last, 1]), float(np.sum(relevance[first : last + 1])) / total
