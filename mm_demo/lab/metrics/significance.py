"""Is one strategy really better than another, or was it luck with the seeds or with the test examples?"""

from __future__ import annotations

from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from scipy import stats


def p_values(right: dict[str, NDArray[np.bool_]]) -> dict[tuple[str, str], float]:
    """For every pair of strategies how likely a difference as large is where there is none, 0…1.

    Two things could have come out otherwise, and a difference should outlast both, so the larger of two p-values
    counts: a paired t-test over the seeds' accuracies (equal seeds have equal first parameters of the encoders and the
    same order of examples), and McNemar's exact test over the test examples, of which each strategy has those right
    that most of its seeds have right. With one seed only the second is possible. All pairs together are corrected for
    their number after Benjamini and Hochberg (1995).

    Args:
        right: strategy → (seeds, examples), where its answers are right; the same seeds and examples for all.
    """
    pairs = list(combinations(right, 2))
    if not pairs:
        return {}
    raw = [max(_over_seeds(right[a], right[b]), mcnemar(_majority(right[a]), _majority(right[b]))) for a, b in pairs]
    return dict(zip(pairs, map(float, stats.false_discovery_control(raw)), strict=True))


def mcnemar(first: NDArray[np.bool_], second: NDArray[np.bool_]) -> float:
    """McNemar's exact test on (examples,): of those that one alone has right, is it half each?"""
    only_first, only_second = int((first & ~second).sum()), int((second & ~first).sum())
    if only_first + only_second == 0:
        return 1.0
    return float(stats.binomtest(only_first, only_first + only_second).pvalue)


def _over_seeds(first: NDArray[np.bool_], second: NDArray[np.bool_]) -> float:
    differences = first.mean(1) - second.mean(1)
    if len(differences) < 2:
        return 0.0
    if np.ptp(differences) == 0:
        return float(differences[0] == 0)
    return float(stats.ttest_1samp(differences, 0.0).pvalue)


def _majority(right: NDArray[np.bool_]) -> NDArray[np.bool_]:
    majority: NDArray[np.bool_] = right.mean(0) > 0.5
    return majority
