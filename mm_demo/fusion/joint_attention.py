"""Joint self-attention: all states of all modalities are one sequence."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import nn

from mm_demo.fusion.base import Fused, Modality, Shape
from mm_demo.fusion.sequences import SequenceFusion, masked_mean
from mm_demo.fusion.transformer import CrossModalBlock

_BLOCKS = 2


class JointAttentionFusion(SequenceFusion):
    """Z = [X₁; …; X_M] along time, through two self-attention blocks;  logits = C mean(Z'') + c.

    The single-stream transformer of VisualBERT (Li et al. 2019) and ViLT (Kim et al. 2021). The states carry sinusoidal
    positions; which modality one is from stands in the bias of its projection. The mean is over the real positions. A
    missing modality is a single learned state.
    """

    name = "joint_attention"
    label = "Joint self-attention"
    help = "Lays all moments of all modalities in one row, in which each looks at every other."
    family = "attention"
    rank = 42

    def __init__(self, shapes: Mapping[str, Shape], classes: int, width: int = 64, dropout: float = 0.1) -> None:
        super().__init__(shapes, classes, width, dropout)
        self.blocks = nn.ModuleList([CrossModalBlock(width, dropout) for _ in range(_BLOCKS)])
        self.classifier = nn.Linear(width, classes)

    def fuse(self, modalities: Mapping[str, Modality]) -> Fused:
        states, masks = self.low_level(modalities)
        row, mask = torch.cat(list(states.values()), dim=1), torch.cat(list(masks.values()), dim=1)
        for block in self.blocks:
            row, _ = block(row, row, mask)
        return Fused(self.classifier(self.dropout(masked_mean(row, mask))), None)
