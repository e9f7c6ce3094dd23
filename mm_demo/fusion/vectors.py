"""What the strategies share that start from one projected vector a modality."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import torch
from torch import Tensor, nn

from mm_demo.fusion.base import FusionStrategy, Modality, Shape


class VectorFusion(FusionStrategy):
    """hᵢ = a(Wᵢ fᵢ + bᵢ), all of one width, with a learned hᵢ for a modality that is missing.

    Attributes:
        stand_in: what the learned vector of a missing modality starts from: what changes least in the fusion.
    """

    stand_in: ClassVar[float] = 0.0

    def __init__(self, shapes: Mapping[str, Shape], classes: int, width: int = 64, dropout: float = 0.1) -> None:
        super().__init__(shapes, classes, width, dropout)
        self.project = nn.ModuleDict({name: nn.Linear(shapes[name].vector, width) for name in self.names})
        self.absent = nn.ParameterDict({name: nn.Parameter(torch.full((width,), self.stand_in)) for name in self.names})

    def activate(self, projected: Tensor) -> Tensor:
        """The a of hᵢ = a(Wᵢ fᵢ + bᵢ), entry by entry; the identity unless a strategy says otherwise."""
        return projected

    def features(self, modalities: Mapping[str, Modality]) -> Tensor:
        """(batch, modalities, width): every hᵢ, in the order of the names."""
        features = [
            torch.where(
                modalities[name].present[:, None],
                self.activate(self.project[name](self.dropout(modalities[name].vector))),
                self.absent[name],
            )
            for name in self.names
        ]
        return torch.stack(features, dim=1)
