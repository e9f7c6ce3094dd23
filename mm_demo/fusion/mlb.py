"""Low-rank bilinear pooling (MLB)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce

import torch
from torch import Tensor, nn

from mm_demo.fusion.base import Shape
from mm_demo.fusion.bilinear import BilinearFusion


class MLBFusion(BilinearFusion):
    """logits = P ∏ᵢ tanh(Wᵢ fᵢ + bᵢ) + p: a bilinear map for each class, of a rank that is the width.

    Multimodal low-rank bilinear pooling (Kim et al. 2017, "Hadamard product for low-rank bilinear pooling").
    """

    name = "mlb"
    label = "Low-rank bilinear (MLB)"
    help = "Multiplies the modalities feature by feature."
    rank = 50

    def __init__(self, shapes: Mapping[str, Shape], classes: int, width: int = 64, dropout: float = 0.1) -> None:
        super().__init__(shapes, classes, width, dropout)
        self.classifier = nn.Linear(width, classes)

    def activate(self, projected: Tensor) -> Tensor:
        return projected.tanh()

    def classify(self, features: Tensor) -> Tensor:
        logits: Tensor = self.classifier(reduce(torch.mul, features.unbind(1)))
        return logits
