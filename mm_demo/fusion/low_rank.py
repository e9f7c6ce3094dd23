"""Low-rank fusion (LMF): tensor fusion without the tensor."""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce

import torch
from torch import nn

from mm_demo.fusion.base import Fused, FusionStrategy, Modality, Shape

_RANK = 8


class LowRankFusion(FusionStrategy):
    """logits = Σᵣ wᵣ ∏ᵢ Wᵢᵣ [fᵢ; 1] + b, r = 1…8, Wᵢᵣ classes × (dim + 1).

    Low-rank multimodal fusion (Liu et al. 2018): what a linear layer on the outer product of all [fᵢ; 1] would give,
    were its weights a tensor of rank eight; the tensor is never made. A missing modality is [0; 1], so that only the
    products of the others remain.
    """

    name = "low_rank"
    label = "Low-rank fusion (LMF)"
    help = "Multiplies the modalities as tensor fusion does, in a few products rather than all."
    family = "bilinear"
    rank = 55

    def __init__(self, shapes: Mapping[str, Shape], classes: int, width: int = 64, dropout: float = 0.1) -> None:
        super().__init__(shapes, classes, width, dropout)
        self.factors = nn.ModuleDict({name: nn.Linear(shapes[name].vector, _RANK * classes) for name in self.names})
        self.rank_weights = nn.Parameter(torch.randn(_RANK) * _RANK**-0.5)
        self.bias = nn.Parameter(torch.zeros(classes))

    def fuse(self, modalities: Mapping[str, Modality]) -> Fused:
        factors = [self.factors[name](self.dropout(modalities[name].vector)) for name in self.names]
        products = reduce(torch.mul, factors).unflatten(1, (_RANK, self.classes))
        return Fused(torch.einsum("r,brk->bk", self.rank_weights, products) + self.bias, None)
