"""One example, as it is or with noise on its modalities, before every trained strategy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch.nn.functional import pad

from mm_demo.errors import UserError
from mm_demo.fusion import STRATEGIES
from mm_demo.lab.corruptions import gaussian
from mm_demo.lab.data.dataset import Dataset, Modalities, ModalityData
from mm_demo.lab.data.origin import Shown
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
        right: how many seeds give the true class; 0 where nobody knows it.
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
        truth: its class; None where nobody knows it.
        given: of each strategy that is trained to the end, in their order.
    """

    truth: str | None
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
    modalities, labels = data.part("test")
    known = {name: modality[:MOST] for name, modality in modalities.items()}
    return _asked(experiment, known, number, noise, int(labels[number]))


def opinions_on(experiment: Experiment, example: Modalities, noise: Mapping[str, float]) -> Opinions:
    """Ask every strategy that is through about an example that isn't in the data.

    Args:
        experiment: trained, at least in part.
        example: one example of every modality, on the scale of the data.
        noise: as for `opinions`.

    Raises:
        UserError: no such modality or level.
    """
    modalities, _ = experiment.data.part("test")
    beside = {name: _appended(modalities[name][: MOST - 1], example[name]) for name in experiment.data.names}
    return _asked(experiment, beside, len(next(iter(beside.values())).mask) - 1, noise, None)


def shown(data: Dataset, number: int) -> Shown | None:
    """What a person can look at, read or hear of a test example; None where the data are only numbers."""
    return None if data.origin is None else data.origin.shown(int(data.splits["test"][number]))


def _asked(
    experiment: Experiment, modalities: Modalities, row: int, noise: Mapping[str, float], truth: int | None
) -> Opinions:
    data = experiment.data
    for name, level in noise.items():
        if name not in data.names or not 0 <= level <= 1:
            raise UserError(f"There is no noise {level} for “{name}”: choose 0 to 1 for {' or '.join(data.names)}.")
    example = _noisy(modalities, row, noise)
    fits = (experiment.fits[name] for name in experiment.strategies if name in experiment.fits)
    given = [_opinion(fit, data, example, truth) for fit in fits if fit.state.done]
    return Opinions(None if truth is None else data.classes[truth], given)


def _appended(others: ModalityData, example: ModalityData) -> ModalityData:
    """The example behind the others, the shorter of the two padded."""
    length = max(others.mask.shape[1], example.mask.shape[1])
    parts = [(part.states, part.mask, length - part.mask.shape[1]) for part in (others, example.to(others.mask.device))]
    return ModalityData(
        torch.cat([pad(states, (0, 0, 0, more)) for states, _, more in parts]),
        torch.cat([pad(mask, (0, more)) for _, mask, more in parts]),
    )


def _noisy(modalities: Modalities, row: int, noise: Mapping[str, float]) -> Modalities:
    found = {}
    for place, (name, modality) in enumerate(modalities.items()):
        level = noise.get(name, 0.0)
        generator = torch.Generator().manual_seed(_SEED + place)
        noisy = gaussian(modality, level, generator) if level else modality
        found[name] = noisy[row : row + 1]
    return found


def _opinion(fit: Fit, data: Dataset, example: Modalities, truth: int | None) -> Opinion:
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
        0 if truth is None else int((logits[:, 0].argmax(1) == truth).sum()),
        len(logits),
        shares,
        weights is not None,
    )
