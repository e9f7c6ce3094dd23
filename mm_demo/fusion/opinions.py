"""What the late strategies share: every modality's own opinion."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from mm_demo.fusion.base import FusionStrategy, Modality, Shape


class OpinionFusion(FusionStrategy):
    """pᵢ = softmax(Cᵢ fᵢ + cᵢ) for every modality, and a learned prior for when there is none."""

    family = "late"
    additive = True

    def __init__(self, shapes: Mapping[str, Shape], classes: int, width: int = 64, dropout: float = 0.1) -> None:
        super().__init__(shapes, classes, width, dropout)
        self.classifiers = nn.ModuleDict({name: nn.Linear(shapes[name].vector, classes) for name in self.names})
        self.prior = nn.Parameter(torch.zeros(classes))

    def opinions(self, modalities: Mapping[str, Modality]) -> Tensor:
        """(batch, modalities, classes): every log pᵢ, in the order of the names; of no meaning where one is missing."""
        opinions = [self.classifiers[name](self.dropout(modalities[name].vector)) for name in self.names]
        return torch.stack(opinions, dim=1).log_softmax(-1)

    def mixture(self, weights: Tensor, opinions: Tensor) -> Tensor:
        """(batch, classes): log of Σᵢ wᵢ pᵢ, and of the prior where no weight is.

        Args:
            weights: (batch, modalities), rows summing to 1 or all 0.
            opinions: (batch, modalities, classes), log pᵢ.
        """
        nothing = 1 - weights.sum(1, keepdim=True)
        mixture = (weights[..., None] * opinions.exp()).sum(1) + nothing * self.prior.softmax(-1)
        return mixture.clamp(min=1e-7).log()
