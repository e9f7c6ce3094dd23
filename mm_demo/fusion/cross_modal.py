"""Cross-modal attention: each modality is read anew in the light of every other."""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch
from torch import Tensor, nn

from mm_demo.fusion.base import Fused, FusionStrategy, Modality, Shape

_HEADS = 4


class CrossModalFusion(FusionStrategy):
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
    rank = 4

    def __init__(self, shapes: Mapping[str, Shape], classes: int, width: int = 64, dropout: float = 0.1) -> None:
        super().__init__(shapes, classes, width, dropout)
        self.project = nn.ModuleDict({name: nn.Linear(shapes[name].states, width) for name in self.names})
        self.absent = nn.ParameterDict({name: nn.Parameter(torch.zeros(width)) for name in self.names})
        self.pairs = [(target, source) for target in self.names for source in self.names if source != target]
        self.blocks = nn.ModuleDict({_key(*pair): CrossModalBlock(width, dropout) for pair in self.pairs})
        self.classifier = nn.Linear(len(self.pairs) * width, classes)

    def forward(self, modalities: Mapping[str, Modality]) -> Fused:
        states, masks = {}, {}
        for name in self.names:
            states[name], masks[name] = self._low_level(name, modalities[name])
        pooled = []
        for target, source in self.pairs:
            read, _ = self.blocks[_key(target, source)](states[target], states[source], masks[source])
            seen = masks[target][..., None]
            pooled.append((read * seen).sum(1) / seen.sum(1))
        return Fused(self.classifier(self.dropout(torch.cat(pooled, dim=1))), None)

    def _low_level(self, name: str, modality: Modality) -> tuple[Tensor, Tensor]:
        """(batch, length, width) projected states with positions, and their mask, in which every row has something."""
        states = self.project[name](modality.states)
        states = states + positions(states.shape[1], self.width).to(states)
        missing = ~modality.present
        # A missing modality stands there as one learned state in the first place.
        first = torch.arange(states.shape[1], device=states.device)[None] == 0
        states = torch.where(missing[:, None, None], self.absent[name].to(states), states)
        return states, modality.mask | (missing[:, None] & first)


class CrossModalBlock(nn.Module):
    """One pre-norm block whose queries come from one sequence and whose keys and values come from another."""

    def __init__(self, width: int, dropout: float) -> None:
        super().__init__()
        self.norm_target = nn.LayerNorm(width)
        self.norm_source = nn.LayerNorm(width)
        self.attention = nn.MultiheadAttention(width, _HEADS, dropout=dropout, batch_first=True)
        self.feed_forward = nn.Sequential(
            nn.LayerNorm(width),
            nn.Linear(width, 2 * width),
            nn.ReLU(),
            nn.Dropout(dropout),
            nn.Linear(2 * width, width),
        )

    def forward(self, target: Tensor, source: Tensor, source_mask: Tensor) -> tuple[Tensor, Tensor]:
        """(batch, target length, width) and the weights (batch, heads, target length, source length).

        Args:
            target: (batch, target length, width).
            source: (batch, source length, width).
            source_mask: (batch, source length) bool, True where there is something to look at; at least one a row.
        """
        keys = self.norm_source(source)
        read, weights = self.attention(
            self.norm_target(target), keys, keys, key_padding_mask=~source_mask, average_attn_weights=False
        )
        seen = target + read
        return seen + self.feed_forward(seen), weights


def positions(length: int, width: int) -> Tensor:
    """(length, width) sinusoidal position embeddings (Vaswani et al. 2017)."""
    at = torch.arange(length)[:, None]
    rates = torch.exp(torch.arange(0, width, 2) * (-math.log(10_000.0) / width))
    return torch.stack([torch.sin(at * rates), torch.cos(at * rates)], dim=2).reshape(length, -1)[:, :width]


def _key(target: str, source: str) -> str:
    return f"{target}_from_{source}"
