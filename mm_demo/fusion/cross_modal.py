"""Cross-modal attention: each modality is read anew in the light of every other."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import nn

from mm_demo.fusion.base import Fused, Modality, Shape
from mm_demo.fusion.sequences import SequenceFusion, masked_mean
from mm_demo.fusion.transformer import CrossModalBlock


class CrossModalFusion(SequenceFusion):
    """MulT's cross-modal transformer (Tsai et al. 2019), one block for each ordered pair of modalities.

    With Z the target's states and X the source's low-level ones, both projected to the same width with sinusoidal
    positions: Z' = Z + Attention(LN(Z) W_q, LN(X) W_k, LN(X) W_v); Z'' = Z' + FFN(LN(Z')). The mean of each Z'' over
    the target's real positions, for all pairs side by side, goes through a linear layer. A missing modality is a single
    learned state, as a source and as a target.
    """

    name = "cross_modal"
    label = "Cross-modal attention (MulT)"
    help = "Every moment of the one modality looks for what matters to it in the other."
    family = "attention"
    rank = 43

    def __init__(self, shapes: Mapping[str, Shape], classes: int, width: int = 64, dropout: float = 0.1) -> None:
        super().__init__(shapes, classes, width, dropout)
        self.pairs = [(target, source) for target in self.names for source in self.names if source != target]
        self.blocks = nn.ModuleDict({_key(*pair): CrossModalBlock(width, dropout) for pair in self.pairs})
        self.classifier = nn.Linear(len(self.pairs) * width, classes)

    def fuse(self, modalities: Mapping[str, Modality]) -> Fused:
        states, masks = self.low_level(modalities)
        pooled = []
        for target, source in self.pairs:
            read, _ = self.blocks[_key(target, source)](states[target], states[source], masks[source])
            pooled.append(masked_mean(read, masks[target]))
        return Fused(self.classifier(self.dropout(torch.cat(pooled, dim=1))), None)


def _key(target: str, source: str) -> str:
    return f"{target}_from_{source}"
