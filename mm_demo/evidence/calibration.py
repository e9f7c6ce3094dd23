"""How often the verdict is right where the truth is known: a shuffled map and a perfect one through the same rule."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from mm_demo.evidence.deletion import Evidence, gather
from mm_demo.evidence.probe import Probe
from mm_demo.evidence.verdict import judge


@dataclass(frozen=True)
class Calibration:
    """What became of maps whose worth is known.

    Attributes:
        n: how many inputs.
        oracle_supported: share 0…1 of perfect maps that were called supported.
        shuffled_unsupported: share of shuffled maps that were called unsupported.
    """

    n: int
    oracle_supported: float
    shuffled_unsupported: float


def calibrate(oracles: Iterable[Probe], steps: int = 16, random_orders: int = 10, seed: int = 0) -> Calibration:
    """Judges each perfect map, and once more its values in random places.

    Args:
        oracles: probes whose relevance is the truth, such as the mask of the object that the answer is about.
        steps: as in `gather`.
        random_orders: as in `gather`.
        seed: draws the places and the random orders.
    """
    rng = np.random.default_rng(seed)
    true, shuffled = [], []
    for probe in oracles:
        draw = int(rng.integers(2**32))
        lost = replace(probe, relevance=rng.permutation(probe.relevance))
        true.append(judge(_complete(probe, steps, random_orders, draw)).kind == "supported")
        shuffled.append(judge(_complete(lost, steps, random_orders, draw)).kind == "unsupported")
    return Calibration(len(true), float(np.mean(true)), float(np.mean(shuffled)))


def _complete(probe: Probe, steps: int, random_orders: int, seed: int) -> Evidence:
    *_, last = gather(probe, steps, random_orders, seed)
    return last
