"""What the strategies share that read the states of every modality, one after the other."""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch
from torch import Tensor, nn

from mm_demo.fusion.base import FusionStrategy, Modality, Shape


class SequenceFusion(FusionStrategy):
    """Starts from projected states of one width with sinusoidal positions.

    A missing modality is a single learned state in the first place, so that every row of every mask has something.
    """

    sequential = True

    def __init__(self, shapes: Mapping[str, Shape], classes: int, width: int = 64, dropout: float = 0.1) -> None:
        super().__init__(shapes, classes, width, dropout)
        self.project = nn.ModuleDict({name: nn.Linear(shapes[name].states, width) for name in self.names})
        self.absent = nn.ParameterDict({name: nn.Parameter(torch.zeros(width)) for name in self.names})

    def low_level(self, modalities: Mapping[str, Modality]) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        """Every modality's states, (batch, length, width), and their masks, (batch, length) bool with a True a row."""
        states, masks = {}, {}
        for name in self.names:
            projected = self.project[name](modalities[name].states)
            projected = projected + positions(projected.shape[1], self.width).to(projected)
            missing = ~modalities[name].present
            first = torch.arange(projected.shape[1], device=projected.device)[None] == 0
            states[name] = torch.where(missing[:, None, None], self.absent[name].to(projected), projected)
            masks[name] = modalities[name].mask | (missing[:, None] & first)
        return states, masks


def positions(length: int, width: int) -> Tensor:
    """(length, width) sinusoidal position embeddings (Vaswani et al. 2017)."""
    at = torch.arange(length)[:, None]
    rates = torch.exp(torch.arange(0, width, 2) * (-math.log(10_000.0) / width))
    return torch.stack([torch.sin(at * rates), torch.cos(at * rates)], dim=2).reshape(length, -1)[:, :width]


def masked_mean(states: Tensor, mask: Tensor) -> Tensor:
    """(batch, width): the mean of (batch, length, width) where the mask (batch, length) is True; one a row at least."""
    seen = mask[..., None]
    return (states * seen).sum(1) / seen.sum(1)
