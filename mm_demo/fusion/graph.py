"""Graph fusion: one node for every subset of the modalities, and edges that are as strong as the input wants them."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations

import torch
from torch import Tensor, nn

from mm_demo.fusion.base import Fused, Modality, Shape
from mm_demo.fusion.vectors import VectorFusion


class GraphFusion(VectorFusion):
    """v_{i} = tanh(Wᵢ fᵢ + bᵢ);  v_S = ReLU(D_S [α_{T→S} v_T for every T ⊂ S]);
    τ = ReLU(D_τ [α_{S→τ} v_S for every S]);  α = σ(D_α [v_1; …; v_M]);  logits = C τ + c.

    The dynamic fusion graph of Graph-MFN (Zadeh et al. 2018, "Multimodal language analysis in the wild"), on one vector
    a modality. The efficacies α, one an edge, are made anew for every input. M modalities have 2^M − 1 nodes beside τ.
    A missing modality is a learned vector.
    """

    name = "graph"
    label = "Dynamic fusion graph"
    help = "Has a node for every combination of modalities, and decides for each input which of them count."
    family = "graph"
    rank = 70

    def __init__(self, shapes: Mapping[str, Shape], classes: int, width: int = 64, dropout: float = 0.1) -> None:
        super().__init__(shapes, classes, width, dropout)
        everything = range(len(self.names))
        subsets = [s for size in range(1, len(self.names) + 1) for s in combinations(everything, size)]
        self.fused_subsets = subsets[len(self.names) :]
        self.sources = [[s for s in subsets if set(s) < set(node)] for node in self.fused_subsets] + [subsets]
        self.edges = [len(sources) for sources in self.sources]
        self.efficacies = nn.Sequential(
            nn.Linear(len(self.names) * width, width), nn.ReLU(), nn.Linear(width, sum(self.edges))
        )
        self.nodes = nn.ModuleList([nn.Linear(count * width, width) for count in self.edges])
        self.classifier = nn.Linear(width, classes)

    def activate(self, projected: Tensor) -> Tensor:
        return projected.tanh()

    def fuse(self, modalities: Mapping[str, Modality]) -> Fused:
        features = self.features(modalities)
        values: dict[tuple[int, ...], Tensor] = {(i,): feature for i, feature in enumerate(features.unbind(1))}
        efficacies = self.efficacies(features.flatten(1)).sigmoid().split(self.edges, dim=1)
        for subset, sources, node, strengths in zip(
            [*self.fused_subsets, ()], self.sources, self.nodes, efficacies, strict=True
        ):
            arriving = torch.stack([values[source] for source in sources], dim=1) * strengths[..., None]
            values[subset] = node(arriving.flatten(1)).relu()
        return Fused(self.classifier(self.dropout(values[()])), None)
