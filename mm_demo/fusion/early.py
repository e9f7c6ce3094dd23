"""Early fusion: all features side by side, then one network."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import nn

from mm_demo.fusion.base import Fused, FusionStrategy, Modality, Shape


class EarlyFusion(FusionStrategy):
    """logits = MLP([f₁; …; f_M]), with one hidden layer. A missing modality is replaced by a learned vector.

    Feature-level fusion of Atrey et al. (2010, "Multimodal fusion for multimedia analysis: a survey"). It can represent
    any interaction, and weighs nothing that could be read off.
    """

    name = "early"
    label = "Early fusion"
    help = "Puts all features side by side and lets one network find what they mean together."
    family = "early"
    rank = 10

    def __init__(self, shapes: Mapping[str, Shape], classes: int, width: int = 64, dropout: float = 0.1) -> None:
        super().__init__(shapes, classes, width, dropout)
        self.absent = nn.ParameterDict({name: nn.Parameter(torch.zeros(shapes[name].vector)) for name in self.names})
        total = sum(shapes[name].vector for name in self.names)
        self.network = nn.Sequential(nn.Linear(total, width), nn.ReLU(), nn.Linear(width, classes))

    def fuse(self, modalities: Mapping[str, Modality]) -> Fused:
        features = [
            torch.where(modalities[name].present[:, None], modalities[name].vector, self.absent[name])
            for name in self.names
        ]
        return Fused(self.network(self.dropout(torch.cat(features, dim=1))), None)
