"""Everything that is measured of one trained strategy."""

from __future__ import annotations

import statistics
import time
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mm_demo.fusion import STRATEGIES
from mm_demo.lab.data.dataset import Dataset, Modalities
from mm_demo.lab.metrics.emap import emap
from mm_demo.lab.metrics.scores import Scores, scores
from mm_demo.lab.metrics.shares import shapley_shares
from mm_demo.lab.robustness import Curve, robustness
from mm_demo.lab.training.fit import Fit

_FOR_EMAP, _FOR_SHAPLEY, _FOR_ROBUSTNESS = 100, 50, 500
"""Test examples looked at: EMAP asks about every pair, Shapley about every coalition, robustness at every level."""
_CALLS = 30


@dataclass(frozen=True)
class Row:
    """A strategy, or a control that reads one modality, on the test part.

    Attributes:
        strategy: its name.
        label: what a person reads.
        family: "early", "intermediate", "late", "attention", …; "control" for a single modality.
        additive: whether it can only add up what each modality says by itself.
        pooled: whether it sees sequences as one vector each.
        scores: how often it is right.
        right: (seeds, examples), where it is.
        parameters: of one seed's model, encoders included.
        rate: the learning rate chosen on the validation part.
        seconds: training of all seeds and learning rates together.
        latency: milliseconds for one example.
        emap_examples: how many the next two are measured on.
        accuracy_there: its accuracy on those.
        emap_accuracy: that of its additive projection; what is missing is owed to interaction. None for controls.
        weights: modality → how much it counts on average, summing to 1. None for controls.
        weights_kind: "own" weights, or exact "shapley" shares where the strategy has none.
        robustness: accuracy as modalities break; empty for controls.
        curves: (3, epochs, seeds) at the chosen rate: training loss, validation loss, validation accuracy; NaN once
            stopped.
    """

    strategy: str
    label: str
    family: str
    additive: bool
    pooled: bool
    scores: Scores
    right: NDArray[np.bool_]
    parameters: int
    rate: float
    seconds: float
    latency: float
    emap_examples: int
    accuracy_there: float
    emap_accuracy: float | None
    weights: dict[str, float] | None
    weights_kind: Literal["own", "shapley"] | None
    robustness: list[Curve]
    curves: NDArray[np.float32]

    @property
    def control(self) -> bool:
        """Whether it reads one modality alone."""
        return self.family == "control"

    @property
    def interaction(self) -> float | None:
        """Accuracy owed to interaction between the modalities, −1…1: its own less its additive projection's."""
        return None if self.emap_accuracy is None else self.accuracy_there - self.emap_accuracy

    @property
    def area(self) -> float | None:
        """Mean area under the robustness curves, 0…1."""
        return statistics.fmean(curve.area for curve in self.robustness) if self.robustness else None

    @property
    def relative_area(self) -> float | None:
        """The same relative to late fusion of the same run."""
        found = [curve.relative for curve in self.robustness if curve.relative is not None]
        return statistics.fmean(found) if found else None


def evaluate(fit: Fit, data: Dataset) -> Row:
    """Measure a trained strategy on the test part of the data that it was trained on."""
    modalities, labels = data.part("test")
    logits, weights = fit.answers(modalities)
    answers = logits.argmax(2)
    strategy = STRATEGIES.get(fit.strategy)
    few, few_labels = _first(modalities, _FOR_EMAP), labels[:_FOR_EMAP]
    emap_accuracy = None
    shares: dict[str, float] | None = None
    if strategy is not None:
        projected = emap(lambda given: fit.answers(given)[0], few)
        emap_accuracy = float((projected.argmax(2) == few_labels).float().mean())
        if weights is not None:
            shares = dict(zip(data.names, weights.mean((0, 1)).tolist(), strict=True))
        else:
            shares = shapley_shares(lambda given: fit.answers(given)[0], _first(modalities, _FOR_SHAPLEY))
    return Row(
        strategy=fit.strategy,
        label=strategy.label if strategy else fit.strategy.capitalize(),
        family=strategy.family if strategy else "control",
        additive=strategy is not None and strategy.additive,
        pooled=strategy is not None and not strategy.sequential and _has_sequences(modalities),
        scores=scores(answers.cpu().numpy(), labels.cpu().numpy()),
        right=(answers == labels).cpu().numpy(),
        parameters=fit.members.parameters,
        rate=fit.plan.rates[fit.state.best_rate()],
        seconds=fit.state.seconds,
        latency=_latency(fit, _first(modalities, 1)),
        emap_examples=len(few_labels),
        accuracy_there=float((answers[:, :_FOR_EMAP] == few_labels).float().mean()),
        emap_accuracy=emap_accuracy,
        weights=shares,
        weights_kind=None if strategy is None else "shapley" if weights is None else "own",
        robustness=_robustness(fit, modalities, labels) if strategy else [],
        curves=fit.state.chosen_curves().cpu().numpy(),
    )


def _robustness(fit: Fit, modalities: Modalities, labels: Tensor) -> list[Curve]:
    def answers(given: Modalities) -> Tensor:
        return fit.answers(given)[0].argmax(2)

    return robustness(answers, _first(modalities, _FOR_ROBUSTNESS), labels[:_FOR_ROBUSTNESS])


def _has_sequences(modalities: Modalities) -> bool:
    return any(modality.mask.shape[1] > 1 for modality in modalities.values())


@torch.no_grad()
def _latency(fit: Fit, example: Modalities) -> float:
    """Median milliseconds of one seed's model for one example."""
    model = fit.model(0)
    states = {name: modality.states for name, modality in example.items()}
    masks = {name: modality.mask for name, modality in example.items()}
    seconds = []
    for _ in range(_CALLS):
        started = time.perf_counter()
        model(states, masks).logits.cpu()
        seconds.append(time.perf_counter() - started)
    return 1000 * statistics.median(seconds)


def _first(modalities: Modalities, count: int) -> Modalities:
    return {name: modality[:count] for name, modality in modalities.items()}
