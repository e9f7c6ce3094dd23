"""Tucker fusion (MUTAN)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce

import torch
from torch import Tensor, nn

from mm_demo.fusion.base import Shape
from mm_demo.fusion.bilinear import BilinearFusion

_RANK = 5


class MUTANFusion(BilinearFusion):
    """hᵢ = tanh(Wᵢ fᵢ + bᵢ);  z = Σᵣ ∏ᵢ Mᵢᵣ hᵢ, r = 1…5;  logits = C z + c.

    Multimodal Tucker fusion (Ben-Younes et al. 2017): the Wᵢ and C are the Tucker factors, and every slice of the core
    tensor between them has rank five.
    """

    name = "mutan"
    label = "Tucker fusion (MUTAN)"
    help = "Multiplies the modalities in five ways at once and adds up the products."
    rank = 52

    def __init__(self, shapes: Mapping[str, Shape], classes: int, width: int = 64, dropout: float = 0.1) -> None:
        super().__init__(shapes, classes, width, dropout)
        self.slices = nn.ModuleDict({name: nn.Linear(width, _RANK * width) for name in self.names})
        self.classifier = nn.Linear(width, classes)

    def activate(self, projected: Tensor) -> Tensor:
        return projected.tanh()

    def classify(self, features: Tensor) -> Tensor:
        slices = [self.slices[name](feature) for name, feature in zip(self.names, features.unbind(1), strict=True)]
        core = reduce(torch.mul, slices).unflatten(1, (_RANK, self.width)).sum(1)
        logits: Tensor = self.classifier(core)
        return logits
