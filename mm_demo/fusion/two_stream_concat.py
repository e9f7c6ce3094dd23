"""Two-stream fusion by concatenation: the streams meet in the middle of the network."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor, nn

from mm_demo.fusion.base import Fused, Modality, Shape
from mm_demo.fusion.vectors import VectorFusion


class TwoStreamConcatenationFusion(VectorFusion):
    """hᵢ = ReLU(Wᵢ fᵢ + bᵢ);  logits = C ReLU(U [h₁; …; h_M] + b) + c.

    Concatenation fusion of Feichtenhofer et al. (2016, "Convolutional two-stream network fusion"), with as many streams
    as modalities: early fusion after a layer of their own. A missing modality is a learned stream.
    """

    name = "two_stream_concat"
    label = "Two-stream concatenation"
    help = "Each modality has a stream of its own; halfway they are put side by side and go on as one."
    family = "intermediate"
    rank = 32

    def __init__(self, shapes: Mapping[str, Shape], classes: int, width: int = 64, dropout: float = 0.1) -> None:
        super().__init__(shapes, classes, width, dropout)
        self.network = nn.Sequential(nn.Linear(len(self.names) * width, width), nn.ReLU(), nn.Linear(width, classes))

    def activate(self, projected: Tensor) -> Tensor:
        return projected.relu()

    def fuse(self, modalities: Mapping[str, Modality]) -> Fused:
        return Fused(self.network(self.features(modalities).flatten(1)), None)
