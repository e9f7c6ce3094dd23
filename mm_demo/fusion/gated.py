"""Gated fusion: for every feature its own mixture of the modalities."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import nn

from mm_demo.fusion.base import Fused, FusionStrategy, Modality, Shape, softmax_over_present


class GatedFusion(FusionStrategy):
    """hᵢ = tanh(Wᵢ xᵢ);  z = softmaxᵢ(Vᵢ [x₁; …; x_M]), one value a feature;  logits = C Σᵢ zᵢ ⊙ hᵢ + c.

    The gated multimodal unit (Arevalo et al. 2017): with two modalities the softmax is its σ(W[x₁; x₂]) and
    1 − σ(W[x₁; x₂]). The gate reads the features before the tanh, a missing modality as zeros. The weights are the mean
    of zᵢ over the features.
    """

    name = "gated"
    label = "Gated fusion (GMU)"
    help = "A gate mixes the modalities feature by feature, having seen all of them."
    family = "intermediate"
    rank = 30

    def __init__(self, shapes: Mapping[str, Shape], classes: int, width: int = 64, dropout: float = 0.1) -> None:
        super().__init__(shapes, classes, width, dropout)
        total = sum(shapes[name].vector for name in self.names)
        self.project = nn.ModuleDict({name: nn.Linear(shapes[name].vector, width) for name in self.names})
        self.gates = nn.ModuleDict({name: nn.Linear(total, width) for name in self.names})
        self.classifier = nn.Linear(width, classes)

    def fuse(self, modalities: Mapping[str, Modality]) -> Fused:
        inputs = [self.dropout(modalities[name].vector) for name in self.names]
        everything = torch.cat(inputs, dim=1)
        features = torch.stack(
            [torch.tanh(self.project[name](x)) for name, x in zip(self.names, inputs, strict=True)], dim=1
        )
        gates = torch.stack([self.gates[name](everything) for name in self.names], dim=1)
        mixture = softmax_over_present(gates, self.present(modalities)[..., None])
        return Fused(self.classifier((mixture * features).sum(1)), mixture.mean(2))
