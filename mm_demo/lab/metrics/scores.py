"""How often the answers are right, over all examples and class by class."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import accuracy_score, f1_score, recall_score

from mm_demo.lab.metrics.estimates import Estimate


@dataclass(frozen=True)
class Scores:
    """All 0…1, over seeds.

    Attributes:
        accuracy: share of right answers.
        macro_f1: mean over the classes of their F1.
        macro_recall: mean over the classes of the share of their examples that are found (unweighted average recall).
    """

    accuracy: Estimate
    macro_f1: Estimate
    macro_recall: Estimate


def scores(answers: NDArray[np.int64], labels: NDArray[np.int64]) -> Scores:
    """Scores of the answers (seeds, examples) against the labels (examples,); classes are those among the labels."""
    classes = np.unique(labels)

    def averaged(score: object) -> Estimate:
        return Estimate.of(
            [score(labels, a, labels=classes, average="macro", zero_division=0) for a in answers]  # type: ignore[operator]
        )

    return Scores(Estimate.of([accuracy_score(labels, a) for a in answers]), averaged(f1_score), averaged(recall_score))
