"""Hard attention: one modality is chosen, the others are not heard."""

from __future__ import annotations

import torch
from torch import Tensor

from mm_demo.fusion.attention import AttentionFusion


class HardAttentionFusion(AttentionFusion):
    """f̂ᵢ = Wᵢ fᵢ + bᵢ;  αᵢ = softmaxᵢ(tanh(W_v f̂ᵢ + b_v)ᵀ u);  logits = C f̂_argmax(α) + c.

    Attention fusion in which only the modality with the largest αᵢ is read (hard attention of Xu et al. 2015, "Show,
    attend and tell"). The choice has no slope, so the straight-through estimator (Bengio et al. 2013) takes that of α
    in its place. The weights are 1 for the chosen modality; a missing one is never chosen.
    """

    name = "hard_attention"
    label = "Hard attention"
    help = "Picks the one modality that has most to say on this input, and listens to nothing else."
    family = "attention"
    rank = 41

    def weights(self, scores: Tensor, present: Tensor) -> Tensor:
        soft = super().weights(scores, present)
        chosen = torch.zeros_like(soft).scatter(1, soft.argmax(1, keepdim=True), 1.0) * present
        return chosen + (soft - soft.detach())
