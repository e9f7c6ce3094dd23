"""Parallel co-attention: every modality is asked, all at once, which of its moments matter to the others."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations

import torch
from torch import Tensor, nn

from mm_demo.fusion.base import Fused, Modality, Shape, softmax_over_present
from mm_demo.fusion.sequences import SequenceFusion


class CoAttentionFusion(SequenceFusion):
    """Cᵢⱼ = tanh(Xᵢ Wᵢⱼ Xⱼᵀ);  Hᵢ = tanh(Xᵢ Wᵢ + Σⱼ Cᵢⱼ Xⱼ Wⱼ);  x̂ᵢ = softmax(Hᵢ wᵢ)ᵀ Xᵢ;
    logits = C tanh(W Σᵢ x̂ᵢ + b) + c.

    Lu et al. (2016, "Hierarchical question-image co-attention", section 3.3). They have two modalities; with more, each
    pair has its own affinity Cᵢⱼ = Cⱼᵢᵀ, and the sum over j runs over all others. Xᵢ (length, width) are projected
    states with sinusoidal positions; padded ones neither attend nor are attended to. A missing modality is a single
    learned state.
    """

    name = "co_attention"
    label = "Co-attention (parallel)"
    help = "Compares every moment of each modality with every moment of the others, and reads what fits."
    family = "attention"
    rank = 44

    def __init__(self, shapes: Mapping[str, Shape], classes: int, width: int = 64, dropout: float = 0.1) -> None:
        super().__init__(shapes, classes, width, dropout)
        self.pairs = list(combinations(self.names, 2))
        self.affinities = nn.ModuleDict({_key(*pair): nn.Linear(width, width, bias=False) for pair in self.pairs})
        self.views = nn.ModuleDict({name: nn.Linear(width, width, bias=False) for name in self.names})
        self.scores = nn.ModuleDict({name: nn.Linear(width, 1, bias=False) for name in self.names})
        self.network = nn.Sequential(nn.Linear(width, width), nn.Tanh(), nn.Linear(width, classes))

    def fuse(self, modalities: Mapping[str, Modality]) -> Fused:
        states, masks = self.low_level(modalities)
        views = {name: self.views[name](states[name]) * masks[name][..., None] for name in self.names}
        evidence = dict(views)
        for first, second in self.pairs:
            affinity = self._affinity(first, second, states)
            evidence[first] = evidence[first] + affinity @ views[second]
            evidence[second] = evidence[second] + affinity.transpose(1, 2) @ views[first]
        read = [
            (softmax_over_present(self.scores[name](evidence[name].tanh()), masks[name][..., None]) * states[name]).sum(
                1
            )
            for name in self.names
        ]
        return Fused(self.network(self.dropout(torch.stack(read).sum(0))), None)

    def _affinity(self, first: str, second: str, states: Mapping[str, Tensor]) -> Tensor:
        """(batch, first's length, second's length): how well each two moments fit, −1…1."""
        return torch.tanh(states[first] @ self.affinities[_key(first, second)](states[second]).transpose(1, 2))


def _key(first: str, second: str) -> str:
    return f"{first}_with_{second}"
