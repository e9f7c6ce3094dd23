"""SigLIP's pooling by attention, with the weights that it really uses."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn.functional import linear
from transformers import PretrainedConfig

from mm_demo.attention.registry import recorded_attention


class PoolingAttention(nn.Module):
    """`nn.MultiheadAttention` of one probe over all patches, through the attention registry.

    The library's module hands out the mean over heads, or a copy on which its output does not depend, so that every
    gradient by it is zero.

    Args:
        attention: the module whose parameters are used; batch first.
        config: the tower's; it names the registry as its implementation.
    """

    def __init__(self, attention: nn.MultiheadAttention, config: PretrainedConfig) -> None:
        super().__init__()
        self.attention, self.config = attention, config

    def forward(self, query: Tensor, key: Tensor, value: Tensor) -> tuple[Tensor, Tensor | None]:
        """As the original, on (batch, length, dim); the weights are (batch, heads, queries, keys) if recorded."""
        inside = self.attention
        query, key, value = (
            linear(given, weight, bias).unflatten(-1, (inside.num_heads, inside.head_dim)).transpose(1, 2)
            for given, weight, bias in zip(
                (query, key, value), inside.in_proj_weight.chunk(3), inside.in_proj_bias.chunk(3), strict=True
            )
        )
        output, weights = recorded_attention(self, query, key, value, None, is_causal=False)
        return inside.out_proj(output.flatten(2)), weights
