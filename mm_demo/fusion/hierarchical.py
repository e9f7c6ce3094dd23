"""Hierarchical fusion: pairs first, then triples of pairs, up to everything."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations

import torch
from torch import Tensor, nn

from mm_demo.fusion.base import Fused, Modality, Shape
from mm_demo.fusion.vectors import VectorFusion


class HierarchicalFusion(VectorFusion):
    """One node a subset S of modalities; logits = C h_everything + c.

    h_{i} = tanh(Wᵢ fᵢ + bᵢ);  h_S = ReLU(Σ_T w_{S,T} ⊙ h_T + b_S), T the subsets of S that have one modality less:
    feature k of a node reads feature k of those below. After Majumder et al. (2018, "Multimodal sentiment analysis
    using hierarchical fusion with context modeling"), who have the levels one, two and three; M modalities have M
    levels and 2^M − 1 nodes. They have a tanh in the nodes, too; an odd function is slow to find a synergy, and a short
    training stayed at chance with it. A missing modality is a learned vector.
    """

    name = "hierarchical"
    label = "Hierarchical fusion"
    help = "Fuses pairs of modalities first, then the pairs with each other, level by level."
    family = "intermediate"
    rank = 33

    def __init__(self, shapes: Mapping[str, Shape], classes: int, width: int = 64, dropout: float = 0.1) -> None:
        super().__init__(shapes, classes, width, dropout)
        sizes = range(2, len(self.names) + 1)
        self.nodes = [subset for size in sizes for subset in combinations(range(len(self.names)), size)]
        self.mixtures = nn.ParameterList(
            [nn.Parameter(torch.randn(len(subset), width) * len(subset) ** -0.5) for subset in self.nodes]
        )
        self.biases = nn.Parameter(torch.zeros(len(self.nodes), width))
        self.classifier = nn.Linear(width, classes)

    def activate(self, projected: Tensor) -> Tensor:
        return projected.tanh()

    def fuse(self, modalities: Mapping[str, Modality]) -> Fused:
        known: dict[tuple[int, ...], Tensor] = {
            (i,): feature for i, feature in enumerate(self.features(modalities).unbind(1))
        }
        for subset, mixture, bias in zip(self.nodes, self.mixtures, self.biases, strict=True):
            below = torch.stack([known[smaller] for smaller in combinations(subset, len(subset) - 1)], dim=1)
            known[subset] = torch.relu((mixture * below).sum(1) + bias)
        return Fused(self.classifier(known[self.nodes[-1]]), None)
