"""ViLBERT's co-attention: two streams that swap what they can look at."""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce

import torch
from torch import nn

from mm_demo.fusion.base import Fused, Modality, Shape
from mm_demo.fusion.sequences import SequenceFusion, masked_mean
from mm_demo.fusion.transformer import CrossModalBlock


class ViLBERTFusion(SequenceFusion):
    """Zᵢ' = Block(queries Zᵢ; keys and values Z_others);  Zᵢ'' = Block(Zᵢ'; Zᵢ');  logits = C ∏ᵢ mean(Zᵢ'') + c.

    The co-attentional transformer layer of Lu et al. (2019, "ViLBERT"), a self-attention layer in each stream after it,
    and their element-wise product of the pooled streams. They have two modalities; with more, each looks at all others
    laid end to end, and the product is over all. Unlike MulT a stream is one sequence however many others there are,
    and goes on to look at itself. A missing modality is a single learned state.
    """

    name = "vilbert"
    label = "Co-attention (ViLBERT)"
    help = "Each modality has a stream that looks at the others' streams, then at itself."
    family = "attention"
    rank = 45

    def __init__(self, shapes: Mapping[str, Shape], classes: int, width: int = 64, dropout: float = 0.1) -> None:
        super().__init__(shapes, classes, width, dropout)
        self.co_blocks = nn.ModuleDict({name: CrossModalBlock(width, dropout) for name in self.names})
        self.self_blocks = nn.ModuleDict({name: CrossModalBlock(width, dropout) for name in self.names})
        self.classifier = nn.Linear(width, classes)

    def fuse(self, modalities: Mapping[str, Modality]) -> Fused:
        states, masks = self.low_level(modalities)
        pooled = []
        for name in self.names:
            others = [other for other in self.names if other != name]
            source = torch.cat([states[other] for other in others], dim=1)
            source_mask = torch.cat([masks[other] for other in others], dim=1)
            read, _ = self.co_blocks[name](states[name], source, source_mask)
            read, _ = self.self_blocks[name](read, read, masks[name])
            pooled.append(masked_mean(read, masks[name]))
        return Fused(self.classifier(self.dropout(reduce(torch.mul, pooled))), None)
