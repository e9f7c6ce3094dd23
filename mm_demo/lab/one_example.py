"""One test example, as it is or with noise on its modalities, before every trained strategy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch

from mm_demo.errors import UserError
from mm_demo.fusion import STRATEGIES
from mm_demo.lab.corruptions import gaussian
from mm_demo.lab.data.dataset import Dataset, Modalities
from mm_demo.lab.experiment import Experiment
from mm_demo.lab.metrics.shares import shapley_shares
from mm_demo.lab.training.fit import Fit

MOST = 500
"""Test examples to choose from; the noise takes each feature's mean and spread from them."""
_SEED = 30_000
"""One draw of noise for all levels, so that it only grows as the level rises."""


@dataclass(frozen=True)
class Opinion:
    """What a strategy makes of one example.

    Attributes:
        strategy: its name.
        label: what a person reads.
        probabilities: class → probability, mean over the seeds, likeliest first.
        right: how many seeds give the true class.
        seeds: how many seeds there are.
        weights: modality → how much it counts, mean over the seeds, summing to 1.
        own_weights: whether the strategy has weights of its own; else these are exact Shapley shares.
    """

    strategy: str
    label: str
    probabilities: dict[str, float]
    right: int
    seeds: int
    weights: dict[str, float]
    own_weights: bool


@dataclass(frozen=True)
class Opinions:
    """One example and what everyone says.

    Attributes:
        truth: its class.
        given: of each strategy that is trained to the end, in their order.
    """

    truth: str
    given: list[Opinion]


def selectable(data: Dataset) -> int:
    """How many test examples can be asked about."""
    return min(MOST, len(data.splits["test"]))


def opinions(experiment: Experiment, number: int, noise: Mapping[str, float]) -> Opinions:
    """Ask every strategy that is through about one example of the test part.

    Args:
        experiment: trained, at least in part.
        number: which example, 0 … `selectable(experiment.data)` − 1.
        noise: modality → level of Gaussian noise, 0 (none) … 1 (nothing else is left); 0 for those not named.

    Raises:
        UserError: no such example, or no such modality or level.
    """
    data = experiment.data
    if not 0 <= number < selectable(data):
        raise UserError(f"There is no example {number + 1}: choose 1 to {selectable(data)}.")
    for name, level in noise.items():
        if name not in data.names or not 0 <= level <= 1:
            raise UserError(f"There is no noise {level} for “{name}”: choose 0 to 1 for {' or '.join(data.names)}.")
    example = _noisy(data, number, noise)
    truth = int(data.part("test")[1][number])
    fits = (experiment.fits[name] for name in experiment.strategies if name in experiment.fits)
    return Opinions(data.classes[truth], [_opinion(fit, data, example, truth) for fit in fits if fit.state.done])


def _noisy(data: Dataset, number: int, noise: Mapping[str, float]) -> Modalities:
    modalities, _ = data.part("test")
    found = {}
    for place, (name, modality) in enumerate(modalities.items()):
        if level := noise.get(name, 0.0):
            generator = torch.Generator().manual_seed(_SEED + place)
            found[name] = gaussian(modality[:MOST], level, generator)[number : number + 1]
        else:
            found[name] = modality[number : number + 1]
    return found


def _opinion(fit: Fit, data: Dataset, example: Modalities, truth: int) -> Opinion:
    logits, weights = fit.answers(example)
    probabilities = logits[:, 0].softmax(1).mean(0)
    order = probabilities.argsort(descending=True, stable=True).tolist()
    if weights is None:
        shares = shapley_shares(lambda given: fit.answers(given)[0], example)
    else:
        shares = dict(zip(data.names, weights[:, 0].mean(0).tolist(), strict=True))
    return Opinion(
        fit.strategy,
        STRATEGIES[fit.strategy].label,
        {data.classes[i]: float(probabilities[i]) for i in order},
        int((logits[:, 0].argmax(1) == truth).sum()),
        len(logits),
        shares,
        weights is not None,
    )
