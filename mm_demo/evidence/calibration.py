"""How often the verdict is right where the truth is known: a shuffled map and a perfect one through the same rule."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from mm_demo.evidence.deletion import gather
from mm_demo.evidence.memory import Memory
from mm_demo.evidence.probe import Probe
from mm_demo.evidence.verdict import Verdict, judge

_TOGETHER = 128
"""Most variants that a probe is asked for at once."""


@dataclass(frozen=True)
class Calibration:
    """What became of maps whose worth is known.

    Attributes:
        n: how many inputs.
        oracle_supported: share 0…1 of perfect maps that were called supported.
        shuffled_unsupported: share of shuffled maps that were called unsupported.
        shuffled_unclear: share of shuffled maps that were called unclear, because nothing moved the answer.
    """

    n: int
    oracle_supported: float
    shuffled_unsupported: float
    shuffled_unclear: float


def calibrate(oracles: Iterable[Probe], steps: int = 16, random_orders: int = 10, seed: int = 0) -> Calibration:
    """Judges each perfect map, and once more its values in random places.

    Args:
        oracles: probes whose relevance is the truth, such as the mask of the object that the answer is about.
        steps: as in `gather`.
        random_orders: as in `gather`.
        seed: draws the places and the random orders.
    """
    return summary([judge_both(probe, steps, random_orders, seed + i) for i, probe in enumerate(oracles)])


def judge_both(oracle: Probe, steps: int = 16, random_orders: int = 10, seed: int = 0) -> tuple[Verdict, Verdict]:
    """The verdicts on a perfect map and on its values in random places, beside the same random orders."""
    shuffled = np.random.default_rng((seed, 1)).permutation(oracle.relevance)
    remembering = replace(oracle, score=Memory(oracle, _TOGETHER).score)
    return (
        _verdict(remembering, steps, random_orders, seed),
        _verdict(replace(remembering, relevance=shuffled), steps, random_orders, seed),
    )


def summary(verdicts: Iterable[tuple[Verdict, Verdict]]) -> Calibration:
    """Over many inputs what `judge_both` said of each."""
    kinds = np.array([(true.kind, shuffled.kind) for true, shuffled in verdicts])
    return Calibration(
        n=len(kinds),
        oracle_supported=float(np.mean(kinds[:, 0] == "supported")),
        shuffled_unsupported=float(np.mean(kinds[:, 1] == "unsupported")),
        shuffled_unclear=float(np.mean(kinds[:, 1] == "unclear")),
    )


def _verdict(probe: Probe, steps: int, random_orders: int, seed: int) -> Verdict:
    *_, last = gather(probe, steps, random_orders, seed)
    return judge(last)
