"""Ways of breaking a modality, by a level from 0, untouched, to 1, nothing of it left."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from mm_demo.lab.data.dataset import ModalityData

Corruption = Callable[[ModalityData, float, torch.Generator], ModalityData]


def missing(modality: ModalityData, level: float, generator: torch.Generator) -> ModalityData:
    """A share `level` of the examples lack the modality."""
    gone = _drawn((len(modality.mask), 1), level, generator, modality.mask)
    return ModalityData(modality.states, modality.mask & ~gone)


def zeroed(modality: ModalityData, level: float, generator: torch.Generator) -> ModalityData:
    """A share `level` of all features are 0."""
    gone = _drawn(modality.states.shape, level, generator, modality.mask)
    return ModalityData(torch.where(gone, 0.0, modality.states), modality.mask)


def gaussian(modality: ModalityData, level: float, generator: torch.Generator) -> ModalityData:
    """(1 − level) x + level · ε, ε with each feature's own mean and standard deviation: at 1 nothing but noise."""
    spread, mean = torch.std_mean(modality.states[modality.mask], dim=0, correction=0)
    noise = torch.randn(modality.states.shape, generator=generator).to(modality.states) * spread + mean
    return ModalityData((1 - level) * modality.states + level * noise, modality.mask)


def steps_dropped(modality: ModalityData, level: float, generator: torch.Generator) -> ModalityData:
    """A share `level` of the states of a sequence are masked out; a vector is a sequence of one."""
    gone = _drawn(modality.mask.shape, level, generator, modality.mask)
    return ModalityData(modality.states, modality.mask & ~gone)


def swapped(modality: ModalityData, level: float, generator: torch.Generator) -> ModalityData:
    """A share `level` of the examples get the modality of another of them: everyone's goes to someone else.

    The examples drawn go round in a circle, so that none keeps its own and none is lost.
    """
    count = len(modality.mask)
    chosen = torch.randperm(count, generator=generator)[: round(level * count)].to(modality.mask.device)
    rows = torch.arange(count, device=modality.mask.device)
    rows[chosen] = chosen.roll(1)
    return modality[rows]


CORRUPTIONS: dict[str, Corruption] = {
    "missing": missing,
    "features zeroed": zeroed,
    "Gaussian noise": gaussian,
    "steps dropped": steps_dropped,
    "samples swapped": swapped,
}
"""Every way by the name a person reads."""


def _drawn(shape: tuple[int, ...], level: float, generator: torch.Generator, like: Tensor) -> Tensor:
    return (torch.rand(shape, generator=generator) < level).to(like.device)
