"""What is left of a strategy's accuracy when a modality breaks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from mm_demo.lab.corruptions import CORRUPTIONS
from mm_demo.lab.data.dataset import Modalities

_SEED = 20_000
"""Far from the seeds of generated data, whose numbers the noise must not repeat."""
LEVELS = (0.0, 0.25, 0.5, 0.75, 1.0)


@dataclass(frozen=True)
class Curve:
    """Accuracy as one modality breaks in one way.

    Attributes:
        modality: which.
        corruption: how, a key of `CORRUPTIONS`.
        levels: 0 (untouched) … 1 (nothing left).
        accuracies: mean over the seeds at each level, 0…1.
        relative: this curve's area less late fusion's of the same run; None where that run has no late fusion.
    """

    modality: str
    corruption: str
    levels: tuple[float, ...]
    accuracies: tuple[float, ...]
    relative: float | None = None

    @property
    def area(self) -> float:
        """Area under the curve, 0…1: the accuracy to expect at a level drawn at random."""
        return float(np.trapezoid(self.accuracies, self.levels))


def robustness(answers: Callable[[Modalities], Tensor], modalities: Modalities, labels: Tensor) -> list[Curve]:
    """A curve for every modality and corruption; the same examples break in the same way for whoever is asked.

    Steps are dropped only from modalities that have several; a vector's only step is the whole modality.

    Args:
        answers: modalities → (seeds, examples) class indices.
        modalities: the examples.
        labels: (examples,).
    """
    whole = _accuracy(answers(modalities), labels)
    curves = []
    for name, modality in modalities.items():
        for kind, corrupt in CORRUPTIONS.items():
            if kind == "steps dropped" and modality.mask.shape[1] == 1:
                continue
            accuracies = [whole]
            for i, level in enumerate(LEVELS[1:]):
                broken = corrupt(modality, level, torch.Generator().manual_seed(_SEED + i))
                accuracies.append(_accuracy(answers({**modalities, name: broken}), labels))
            curves.append(Curve(name, kind, LEVELS, tuple(accuracies)))
    return curves


def relative_to(curves: list[Curve], reference: list[Curve] | None) -> list[Curve]:
    """The curves with their areas relative to those of another strategy in the same run."""
    if reference is None:
        return curves
    areas = {(curve.modality, curve.corruption): curve.area for curve in reference}
    return [replace(curve, relative=curve.area - areas[curve.modality, curve.corruption]) for curve in curves]


def _accuracy(answers: Tensor, labels: Tensor) -> float:
    return float((answers == labels).float().mean())
