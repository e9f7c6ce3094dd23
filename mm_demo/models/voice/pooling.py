"""Attention over time: which steps an utterance's vector is made of."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from mm_demo.models.voice.members import MemberLinear


class AttentionPooling(nn.Module):
    """Attentive statistics pooling (Okabe et al. 2018): the weighted mean and deviation of the steps, for every head.

    Args:
        size: width of a member's steps.
        members: how many members.
        heads: attention heads of each member.
        hidden: width of the layer that scores a step.
    """

    def __init__(self, size: int, members: int, heads: int, hidden: int) -> None:
        super().__init__()
        self.look = MemberLinear(members, size, hidden)
        self.score = MemberLinear(members, hidden, heads)

    def forward(self, steps: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Pool over time.

        Args:
            steps: (batch, steps, members, size).
            mask: bool (batch, steps), True where there is sound.

        Returns:
            Pooled (batch, members, heads * 2 * size), and the weights (batch, members * heads, 1, steps), which sum
            to 1 over the steps, or are all 0 where nothing is unmasked.
        """
        scores = self.score(torch.tanh(self.look(steps))).flatten(2).transpose(1, 2).float()
        scores = scores.masked_fill(~mask[:, None], torch.finfo(scores.dtype).min)
        weights = (torch.softmax(scores, -1) * mask[:, None]).unsqueeze(2)
        # A variance as the difference of two squares has no digits left in half precision.
        form, steps = steps.dtype, steps.float()
        by_head = weights.reshape(len(steps), steps.shape[2], -1, steps.shape[1])
        mean = torch.einsum("bmhs,bsmd->bmhd", by_head, steps)
        square = torch.einsum("bmhs,bsmd->bmhd", by_head, steps**2)
        deviation = (square - mean**2).clamp_min(1e-4).sqrt()
        return torch.cat([mean, deviation], -1).flatten(2).to(form), weights
