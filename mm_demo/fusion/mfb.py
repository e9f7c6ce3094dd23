"""Factorised bilinear pooling (MFB)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce

import torch
from torch import Tensor, nn

from mm_demo.fusion.base import Shape
from mm_demo.fusion.bilinear import BilinearFusion, of_one_size

_FACTORS = 5


class MFBFusion(BilinearFusion):
    """z = SumPool(∏ᵢ Uᵢ hᵢ, 5);  logits = C n(z) + c, where n(z) is sign(z) √|z| divided by its length.

    Multimodal factorised bilinear pooling (Yu et al. 2017): each of the `width` outputs is a bilinear form of rank
    five, the sum of five neighbouring products. hᵢ = Wᵢ fᵢ + bᵢ.
    """

    name = "mfb"
    label = "Factorised bilinear (MFB)"
    help = "Multiplies the modalities in a wider space and adds up five products at a time."
    rank = 51

    def __init__(self, shapes: Mapping[str, Shape], classes: int, width: int = 64, dropout: float = 0.1) -> None:
        super().__init__(shapes, classes, width, dropout)
        self.factors = nn.ModuleDict({name: nn.Linear(width, width * _FACTORS) for name in self.names})
        self.classifier = nn.Linear(width, classes)

    def classify(self, features: Tensor) -> Tensor:
        factors = [self.factors[name](feature) for name, feature in zip(self.names, features.unbind(1), strict=True)]
        product = self.dropout(reduce(torch.mul, factors))
        pooled = product.unflatten(1, (self.width, _FACTORS)).sum(2)
        logits: Tensor = self.classifier(of_one_size(pooled))
        return logits
