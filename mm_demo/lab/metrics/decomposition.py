"""Partial information decomposition: how much two modalities say about the label redundantly, alone, and only together.

Bertschinger et al. (2014, "Quantifying unique information"): among all distributions Q of label and modalities with the
given (label, first) and (label, second) marginals, the least mutual information I_Q(Y; X₁X₂) is what can be known
without looking at the two together. Synergy is what the true distribution has beyond it; unique information is what is
left of it given the other modality; redundancy is the rest.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

_ROUNDS = 5_000
_CLOSE = 1e-9


class Decomposition(NamedTuple):
    """All in bits; they sum to the mutual information of the label and both modalities."""

    redundancy: float
    unique_first: float
    unique_second: float
    synergy: float


def decompose(table: NDArray[np.float64]) -> Decomposition:
    """The decomposition of a joint distribution.

    Args:
        table: (labels, values of the first, values of the second), probabilities or counts.
    """
    joint = np.asarray(table, dtype=np.float64)
    joint = joint / joint.sum()
    least = least_informative(joint)
    first, second = _information(joint.sum(2)), _information(joint.sum(1))
    apart, together = _information(least.reshape(len(least), -1)), _information(joint.reshape(len(joint), -1))
    found = (first + second - apart, apart - second, apart - first, together - apart)
    return Decomposition(*(max(0.0, float(bits)) for bits in found))


def least_informative(joint: NDArray[np.float64]) -> NDArray[np.float64]:
    """The Q with the same (label, first) and (label, second) marginals and the least I_Q(Y; X₁X₂).

    I_Q is the least divergence of Q from P(y) R(x₁x₂) over all R. So in turn R is Q's own distribution of the
    modalities, and Q the distribution nearest to P(y) R with the right marginals, found by proportional fitting:
    alternating minimisation between convex sets, which converges to the least (Csiszár and Tusnády 1984).

    Args:
        joint: (labels, first, second), summing to 1.
    """
    rows, columns = joint.sum(2, keepdims=True), joint.sum(1, keepdims=True)
    weight = joint.sum((1, 2), keepdims=True)
    # Independent given the label: the right marginals, and nothing ruled out that they allow.
    found = _ratio(rows * columns, weight)
    before = np.inf
    for _ in range(_ROUNDS):
        fitted = found.sum(0, keepdims=True) * weight
        for _ in range(20):
            fitted = fitted * _ratio(rows, fitted.sum(2, keepdims=True))
            fitted = fitted * _ratio(columns, fitted.sum(1, keepdims=True))
        found = fitted
        now = _information(found.reshape(len(found), -1))
        if before - now < _CLOSE:
            break
        before = now
    return found


def _information(table: NDArray[np.float64]) -> float:
    """Mutual information of rows and columns, in bits."""
    independent = table.sum(1, keepdims=True) * table.sum(0, keepdims=True)
    seen = (table > 0) & (independent > 0)  # what is so small that a product vanishes says nothing
    return float((table[seen] * np.log2(table[seen] / independent[seen])).sum())


def _ratio(above: NDArray[np.float64], below: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.divide(above, below, out=np.zeros(np.broadcast(above, below).shape), where=below > 0)
