"""A whole comparison."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from mm_demo.lab.data.dataset import Dataset
from mm_demo.lab.evaluation import Row
from mm_demo.lab.information import Information, information
from mm_demo.lab.metrics.significance import p_values
from mm_demo.lab.report.verdict import verdict
from mm_demo.lab.training.plan import Plan


@dataclass(frozen=True)
class Comparison:
    """What was found on one data set with one budget.

    Attributes:
        data: name of the data.
        title: what a person reads.
        plan: the budget.
        examples: split → how many.
        chance: accuracy of always giving the commonest class of the test part, 0…1.
        controls: each modality alone.
        strategies: all that were trained to the end.
        p: pair of strategies → how likely a difference as large is by luck alone, corrected for the number of pairs.
        information: what the modalities say about the label.
        verdicts: strategy or control → a sentence on it.
    """

    data: str
    title: str
    plan: Plan
    examples: dict[str, int]
    chance: float
    controls: list[Row]
    strategies: list[Row]
    p: dict[tuple[str, str], float]
    information: Information | None
    verdicts: dict[str, str]

    @classmethod
    def of(cls, data: Dataset, plan: Plan, rows: Sequence[Row]) -> Comparison:
        """Put together what was measured of each."""
        _, labels = data.part("test")
        chance = float(np.bincount(labels.cpu().numpy()).max() / len(labels))
        strategies = [row for row in rows if not row.control]
        return cls(
            data.name,
            data.title,
            plan,
            {split: len(found) for split, found in data.splits.items()},
            chance,
            [row for row in rows if row.control],
            strategies,
            p_values({row.strategy: row.right for row in strategies}),
            information(data),
            {row.strategy: verdict(row, rows, chance) for row in rows},
        )

    def to_json(self) -> dict[str, Any]:
        """Everything but the single examples; accuracies are 0…1, a `ci95` is [low, high] or null of a single seed."""
        return {
            "data": self.data,
            "title": self.title,
            "rows": [self._row(row) for row in self.strategies],
            "controls": [self._row(row) for row in self.controls],
            "chance": self.chance,
            "examples": self.examples,
            "plan": asdict(self.plan),
            "significance": [{"pair": list(pair), "p": p} for pair, p in self.p.items()],
            "information": self.information.to_json() if self.information else None,
        }

    def _row(self, row: Row) -> dict[str, Any]:
        return {
            "strategy": row.strategy,
            "label": row.label,
            "family": row.family,
            "additive": row.additive,
            "pooled": row.pooled,
            "accuracy": row.scores.accuracy.to_json(),
            "macro_f1": row.scores.macro_f1.to_json(),
            "macro_recall": row.scores.macro_recall.to_json(),
            "parameters": row.parameters,
            "learning_rate": row.rate,
            "train_seconds": row.seconds,
            "latency_ms": row.latency,
            "emap": {
                "examples": row.emap_examples,
                "accuracy": row.emap_accuracy,
                "model_accuracy": row.accuracy_there,
                "gap": row.interaction,
            },
            "weights": row.weights,
            "weights_kind": row.weights_kind,
            "robustness": {
                "area": row.area,
                "relative_to_late": row.relative_area,
                "curves": [{**asdict(curve), "area": curve.area} for curve in row.robustness],
            },
            "verdict": self.verdicts[row.strategy],
        }
