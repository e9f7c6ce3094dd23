"""Weighted concatenation: early fusion in which every modality has a volume of its own."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import nn

from mm_demo.fusion.base import Fused, FusionStrategy, Modality, Shape, softmax_over_present


class WeightedConcatenationFusion(FusionStrategy):
    """logits = MLP([M w₁ f₁; …; M w_M f_M]), with learned w = softmax(v) that are the same for every input.

    Feature-level fusion (Atrey et al. 2010) with one weight a modality, scaled so that equal weights leave the features
    as they are. The weights of the modalities that are present sum to 1; a missing one is zeros.
    """

    name = "weighted_concat"
    label = "Weighted concatenation"
    help = "Turns each modality up or down by a learned amount, then works on all features side by side."
    family = "early"
    rank = 11

    def __init__(self, shapes: Mapping[str, Shape], classes: int, width: int = 64, dropout: float = 0.1) -> None:
        super().__init__(shapes, classes, width, dropout)
        self.volumes = nn.Parameter(torch.zeros(len(self.names)))
        total = sum(shapes[name].vector for name in self.names)
        self.network = nn.Sequential(nn.Linear(total, width), nn.ReLU(), nn.Linear(width, classes))

    def fuse(self, modalities: Mapping[str, Modality]) -> Fused:
        present = self.present(modalities)
        weights = softmax_over_present(self.volumes.expand(len(present), -1), present)
        features = [
            len(self.names) * weights[:, i, None] * modalities[name].vector for i, name in enumerate(self.names)
        ]
        return Fused(self.network(self.dropout(torch.cat(features, dim=1))), weights)
