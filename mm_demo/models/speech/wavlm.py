"""WavLM's attention, with the weights that it really uses."""

from __future__ import annotations

from torch import Tensor
from transformers import PreTrainedModel
from transformers.models.wavlm.modeling_wavlm import WavLMAttention


class HeadwiseWavLMAttention(WavLMAttention):
    """Hands out each head's own weights, in the autograd graph.

    The library's method gives every head the mean over all heads, and a copy on which the output does not depend, so
    that every gradient by it is zero.
    """

    def torch_multi_head_self_attention(
        self, hidden_states: Tensor, attention_mask: Tensor | None, gated_position_bias: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Attention with a relative position bias.

        Args:
            hidden_states: (batch, length, dim).
            attention_mask: (batch, length), 1 where there is sound.
            gated_position_bias: (batch × heads, length, length), added to the scores.

        Returns:
            (batch, length, dim), and the weights (batch, heads, length, length).
        """
        batch, length, _ = hidden_states.shape
        query, key, value = (
            project(hidden_states).view(batch, length, self.num_heads, self.head_dim).transpose(1, 2)
            for project in (self.q_proj, self.k_proj, self.v_proj)
        )
        bias = gated_position_bias.view(batch, self.num_heads, length, length)
        if attention_mask is not None:
            bias = bias.masked_fill(attention_mask.ne(1)[:, None, None], float("-inf"))
        weights = (query @ key.transpose(-1, -2) * self.scaling + bias).softmax(-1)
        output = (weights @ value).transpose(1, 2).reshape(batch, length, -1)
        return self.out_proj(output), weights


def show_heads(model: PreTrainedModel) -> None:
    """Make every WavLM attention of a model a `HeadwiseWavLMAttention`; its parameters stay as they are."""
    for module in model.modules():
        if isinstance(module, WavLMAttention):
            module.__class__ = HeadwiseWavLMAttention
