"""Late fusion by a learned vote: every modality decides alone, and a second classifier has learned whom to believe."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import nn

from mm_demo.fusion.base import Fused, Modality, Shape
from mm_demo.fusion.opinions import OpinionFusion


class LateLearnedFusion(OpinionFusion):
    """logits = Σᵢ Aᵢ log softmax(Cᵢ fᵢ + cᵢ) + b, where Aᵢ, classes × classes, is learned.

    Stacked generalisation (Wolpert 1992) with a linear second level: it can believe one modality in one class and
    another in the next. Every Aᵢ starts as a share 1/M of the identity. A missing modality casts no vote.
    """

    name = "late_learned"
    label = "Late fusion, learned vote"
    help = "Each modality decides alone; a second classifier has learned whom to believe about what."
    rank = 22

    def __init__(self, shapes: Mapping[str, Shape], classes: int, width: int = 64, dropout: float = 0.1) -> None:
        super().__init__(shapes, classes, width, dropout)
        self.trust = nn.Parameter(torch.eye(classes).repeat(len(self.names), 1, 1) / len(self.names))

    def fuse(self, modalities: Mapping[str, Modality]) -> Fused:
        present = self.present(modalities).to(self.prior)
        logits = torch.einsum("mkc,bmc,bm->bk", self.trust, self.opinions(modalities), present)
        return Fused(logits + self.prior, None)
