"""Hard attention: one modality is chosen, the others are not heard."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import nn

from mm_demo.fusion.base import Fused, FusionStrategy, Modality, Shape, softmax_over_present


class HardAttentionFusion(FusionStrategy):
    """f̂ᵢ = Wᵢ fᵢ + bᵢ;  αᵢ = softmaxᵢ(tanh(W_v f̂ᵢ + b_v)ᵀ u);  logits = C f̂_argmax(α) + c.

    Attention fusion in which only the modality with the largest αᵢ is read (hard attention of Xu et al. 2015, "Show,
    attend and tell"). The choice has no slope, so the straight-through estimator (Bengio et al. 2013) takes that of α
    in its place. The weights are 1 for the chosen modality; a missing one is never chosen.
    """

    name = "hard_attention"
    label = "Hard attention"
    help = "Picks the one modality that has most to say on this input, and listens to nothing else."
    family = "attention"
    rank = 41
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
        present = self.present(modalities)
        soft = softmax_over_present(scores, present)
        chosen = torch.zeros_like(soft).scatter(1, soft.argmax(1, keepdim=True), 1.0) * present
        weights = chosen + (soft - soft.detach())
        return Fused(self.classifier((weights[..., None] * features).sum(1)), weights)
