"""A figure over seeds: its mean, and the interval that says how much another set of seeds would change it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats


@dataclass(frozen=True)
class Estimate:
    """A figure measured once for every seed.

    Attributes:
        values: one for each seed.
    """

    values: tuple[float, ...]

    @classmethod
    def of(cls, values: Sequence[float]) -> Estimate:
        """From any sequence of numbers."""
        return cls(tuple(float(value) for value in values))

    @property
    def mean(self) -> float:
        """Mean over the seeds."""
        return float(np.mean(self.values))

    @property
    def ci95(self) -> tuple[float, float] | None:
        """Student's 95 % interval of the mean over seeds; None of a single seed, which says nothing about others."""
        if len(self.values) < 2:
            return None
        half = stats.t.ppf(0.975, len(self.values) - 1) * np.std(self.values, ddof=1) / len(self.values) ** 0.5
        return self.mean - float(half), self.mean + float(half)

    @property
    def percent(self) -> str:
        """The mean in per cent as people read it, with half of its interval where there is one: "95.7 ± 0.2"."""
        mean = f"{100 * self.mean:.1f}"
        return mean if self.ci95 is None else f"{mean} ± {50 * (self.ci95[1] - self.ci95[0]):.1f}"

    def to_json(self) -> dict[str, object]:
        """{"mean", "ci95": [low, high] or None, "seeds": [one value each]}."""
        return {"mean": self.mean, "ci95": self.ci95, "seeds": list(self.values)}
