"""Tensor fusion (TFN): every product of features there is, of one modality, of two, of all."""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce

from torch import Tensor, nn
from torch.nn.functional import pad

from mm_demo.fusion.base import Fused, FusionStrategy, Modality, Shape

_LARGEST = 1024
"""Entries the tensor may have: the modalities are projected to fewer features, the more of them there are."""


class TensorFusion(FusionStrategy):
    """z = [h₁; 1] ⊗ … ⊗ [h_M; 1], hᵢ = ReLU(Wᵢ fᵢ + bᵢ);  logits = MLP(z), with one hidden layer.

    The tensor fusion network (Zadeh et al. 2017), for any number of modalities. The ones keep the products of fewer
    modalities in the tensor, and a missing modality, hᵢ = 0, leaves exactly those of the others. The dimension of hᵢ is
    the width or what keeps the tensor within 1024 entries, whichever is less.
    """

    name = "tensor"
    label = "Tensor fusion (TFN)"
    help = "Works on every product of one feature from each modality, and of fewer."
    family = "bilinear"
    rank = 54

    def __init__(self, shapes: Mapping[str, Shape], classes: int, width: int = 64, dropout: float = 0.1) -> None:
        super().__init__(shapes, classes, width, dropout)
        modalities = len(self.names)
        most = max(n for n in range(1, width + 1) if n == 1 or (n + 1) ** modalities <= _LARGEST)
        self.project = nn.ModuleDict({name: nn.Linear(shapes[name].vector, most) for name in self.names})
        self.network = nn.Sequential(nn.Linear((most + 1) ** modalities, width), nn.ReLU(), nn.Linear(width, classes))

    def fuse(self, modalities: Mapping[str, Modality]) -> Fused:
        sides = [
            pad(
                self.project[name](modalities[name].vector).relu() * modalities[name].present[:, None],
                (0, 1),
                value=1.0,
            )
            for name in self.names
        ]
        return Fused(self.network(self.dropout(reduce(_outer, sides))), None)


def _outer(first: Tensor, second: Tensor) -> Tensor:
    """(batch, n × m): all products of (batch, n) and (batch, m)."""
    return (first[:, :, None] * second[:, None]).flatten(1)
