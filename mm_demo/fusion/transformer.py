"""The transformer block in which one sequence looks at another, or at itself."""

from __future__ import annotations

from torch import Tensor, nn

_HEADS = 4


class CrossModalBlock(nn.Module):
    """One pre-norm block whose queries come from one sequence and whose keys and values come from another.

    Z' = Z + Attention(LN(Z) W_q, LN(X) W_k, LN(X) W_v);  Z'' = Z' + FFN(LN(Z')), with four heads. With X = Z it is
    self-attention.
    """

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
