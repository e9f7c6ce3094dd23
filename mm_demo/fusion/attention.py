"""Attention over modalities: each is weighed by what it says."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from mm_demo.fusion.base import Fused, FusionStrategy, Modality, Shape, softmax_over_present


class AttentionFusion(FusionStrategy):
    """f̂ᵢ = Wᵢ fᵢ + bᵢ;  eᵢ = tanh(W_v f̂ᵢ + b_v);  αᵢ = softmaxᵢ(eᵢᵀ u);  logits = C Σᵢ αᵢ f̂ᵢ + c.

    After Bahdanau et al. (2015) and Hori et al. (2017, "Attention-based multimodal fusion for video description"). fᵢ
    is the modality's vector; the softmax runs over the modalities that are present.
    """

    name = "attention"
    label = "Attention fusion"
    help = "Weighs each modality anew for every input, by what it says, and adds them up."
    family = "attention"
    rank = 40
    additive = True

    def __init__(self, shapes: Mapping[str, Shape], classes: int, width: int = 64, dropout: float = 0.1) -> None:
        super().__init__(shapes, classes, width, dropout)
        self.project = nn.ModuleDict({name: nn.Linear(shapes[name].vector, width) for name in self.names})
        self.energy = nn.Linear(width, width)
        self.query = nn.Linear(width, 1, bias=False)
        self.classifier = nn.Linear(width, classes)

    def fuse(self, modalities: Mapping[str, Modality]) -> Fused:
        features = torch.stack(
            [self.project[name](self.dropout(modalities[name].vector)) for name in self.names], dim=1
        )
        scores = self.query(torch.tanh(self.energy(features)))[..., 0]
        weights = self.weights(scores, self.present(modalities))
        return Fused(self.classifier((weights[..., None] * features).sum(1)), weights)

    def weights(self, scores: Tensor, present: Tensor) -> Tensor:
        """(batch, modalities) from the scores and from what is there, both of that shape."""
        return softmax_over_present(scores, present)
