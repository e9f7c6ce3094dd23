"""Late fusion: every modality decides alone, then they vote."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import nn

from mm_demo.fusion.base import Fused, Modality, Shape, softmax_over_present
from mm_demo.fusion.opinions import OpinionFusion


class LateFusion(OpinionFusion):
    """p = Σᵢ wᵢ softmax(Cᵢ fᵢ + cᵢ), with learned votes w = softmax(v) that are the same for every input.

    Decision-level fusion (Atrey et al. 2010) as a mixture of opinions, weighted. The votes of the modalities that are
    present are scaled to sum to 1; where none is, the answer is a learned prior. Returns log p as logits.
    """

    name = "late"
    label = "Late fusion"
    help = "Each modality decides alone; their votes count the same for every input."
    rank = 21

    def __init__(self, shapes: Mapping[str, Shape], classes: int, width: int = 64, dropout: float = 0.1) -> None:
        super().__init__(shapes, classes, width, dropout)
        self.votes = nn.Parameter(torch.zeros(len(self.names)))

    def fuse(self, modalities: Mapping[str, Modality]) -> Fused:
        present = self.present(modalities)
        weights = softmax_over_present(self.votes.expand(len(present), -1), present)
        return Fused(self.mixture(weights, self.opinions(modalities)), weights)
