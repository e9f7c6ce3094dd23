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


SYLLABLE = 0.25
"""Seconds; a shorter stretch of sound means nothing to a listener."""


def strongest(times: np.ndarray, relevance: np.ndarray) -> tuple[float, float, float] | None:
    """The stretch of about a syllable's length with the most relevance per second.

    Returns:
        (start and end in seconds, share of all relevance 0…1); None where nothing has any relevance.
    """
    total = float(np.sum(relevance))
    if len(times) == 0 or not total > 0:
        return None
    starts, ends = times[:, 0], times[:, 1]
    summed = np.concatenate([[0.0], np.cumsum(relevance)])
    last = np.searchsorted(ends, starts + SYLLABLE - 1e-9).clip(max=len(ends) - 1)
    # Near the end a stretch reaches back for its length, so that the last moment is no louder than others.
    first = np.minimum(np.arange(len(starts)), np.searchsorted(starts, ends[-1] - SYLLABLE + 1e-9, side="right") - 1)
    first = first.clip(min=0)
    held = summed[last + 1] - summed[first]
    best = int(np.argmax(held / (ends[last] - starts[first])))
    return float(starts[first[best]]), float(ends[last[best]]), float(held[best]) / total
