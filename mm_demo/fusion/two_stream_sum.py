"""Two-stream fusion by a sum: the streams meet in the middle of the network."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor, nn

from mm_demo.fusion.base import Fused, Modality, Shape
from mm_demo.fusion.vectors import VectorFusion


class TwoStreamSumFusion(VectorFusion):
    """hᵢ = ReLU(Wᵢ fᵢ + bᵢ);  logits = C ReLU(U Σᵢ hᵢ + b) + c.

    Sum fusion of Feichtenhofer et al. (2016, "Convolutional two-stream network fusion"). There are as many streams as
    modalities. The layer after the sum is what makes it more than a vote. A missing modality is a learned stream.
    """

    name = "two_stream_sum"
    label = "Two-stream sum"
    help = "Each modality has a stream of its own; halfway they are added up and go on as one."
    family = "intermediate"
    rank = 31

    def __init__(self, shapes: Mapping[str, Shape], classes: int, width: int = 64, dropout: float = 0.1) -> None:
        super().__init__(shapes, classes, width, dropout)
        self.network = nn.Sequential(nn.Linear(width, width), nn.ReLU(), nn.Linear(width, classes))

    def activate(self, projected: Tensor) -> Tensor:
        return projected.relu()

    def fuse(self, modalities: Mapping[str, Modality]) -> Fused:
        return Fused(self.network(self.features(modalities).sum(1)), None)
