"""Late fusion: every modality decides alone, then they vote."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import nn

from mm_demo.fusion.base import Fused, FusionStrategy, Modality, Shape, softmax_over_present


class LateFusion(FusionStrategy):
    """p = Σᵢ wᵢ softmax(Cᵢ fᵢ + cᵢ), with learned votes w = softmax(v) that are the same for every input.

    Decision-level fusion (Atrey et al. 2010) as a mixture of opinions. The votes of the modalities that are present are
    scaled to sum to 1; where none is, the answer is a learned prior. Returns log p as logits.
    """

    name = "late"
    label = "Late fusion"
    help = "Each modality decides alone; their votes count the same for every input."
    family = "late"
    rank = 2

    def __init__(self, shapes: Mapping[str, Shape], classes: int, width: int = 64, dropout: float = 0.1) -> None:
        super().__init__(shapes, classes, width, dropout)
        self.classifiers = nn.ModuleDict({name: nn.Linear(shapes[name].vector, classes) for name in self.names})
        self.votes = nn.Parameter(torch.zeros(len(self.names)))
        self.prior = nn.Parameter(torch.zeros(classes))

    def forward(self, modalities: Mapping[str, Modality]) -> Fused:
        present = self.present(modalities)
        weights = softmax_over_present(self.votes.expand(len(present), -1), present)
        opinions = torch.stack(
            [self.classifiers[name](self.dropout(modalities[name].vector)) for name in self.names], dim=1
        ).softmax(-1)
        nothing = 1 - weights.sum(1, keepdim=True)
        mixture = (weights[..., None] * opinions).sum(1) + nothing * self.prior.softmax(-1)
        return Fused(mixture.clamp(min=1e-7).log(), weights)
