"""Sanity by randomisation (Adebayo et al. 2018): a map that survives a model drawn anew says nothing of the model."""

from __future__ import annotations

import numpy as np
from scipy.stats import spearmanr


def similarity(before: np.ndarray, after: np.ndarray) -> float:
    """Spearman's rank correlation of two maps' absolute values, −1…1; 1 means that the same places stand out.

    A map that is the same everywhere has no order: it is like another such map (1), and unlike any other (0).

    Args:
        before: the map of the model as it is, any shape.
        after: the map with layers randomised, the same shape.

    Raises:
        ValueError: the shapes differ.
    """
    if before.shape != after.shape:
        raise ValueError(f"maps of shapes {before.shape} and {after.shape} cannot be compared")
    one, other = np.abs(before).ravel(), np.abs(after).ravel()
    flat = [float(np.ptp(values)) == 0 for values in (one, other)]
    if any(flat):
        return float(all(flat))
    return float(spearmanr(one, other).statistic)
