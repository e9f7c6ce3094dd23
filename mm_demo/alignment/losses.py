"""The two ways of the field to align pictures and texts in one space: contrastive and triplet."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional


def contrastive_loss(cosines: Tensor, scale: Tensor | float, matches: Tensor, negatives: Tensor) -> Tensor:
    """InfoNCE in both directions (van den Oord et al. 2018; Radford et al. 2021), for any number of texts a picture.

    For a matching pair (p, t): −log e^{s·cos(p,t)} / (e^{s·cos(p,t)} + Σ_{n ∈ negatives} e^{s·cos(n)}), once with the
    other pictures of t's column as negatives and once with the other texts of p's row. With one text a picture and
    every other pair a negative this is CLIP's loss.

    Args:
        cosines: (pictures, texts), −1…1.
        scale: 1 / temperature.
        matches: (pictures, texts) bool, the pairs to pull together.
        negatives: (pictures, texts) bool, the pairs to push apart. A pair that is neither, because the text happens to
            be true of another's picture, is left alone.

    Returns:
        A scalar, the mean over matching pairs and both directions.
    """
    logits = cosines * scale
    apart = logits.masked_fill(~negatives, torch.finfo(logits.dtype).min / 2)
    by_text, by_picture = apart.logsumexp(0, keepdim=True), apart.logsumexp(1, keepdim=True)
    each = functional.softplus(by_text - logits) + functional.softplus(by_picture - logits)
    return each[matches].mean() / 2


def triplet_loss(cosines: Tensor, margin: float, matches: Tensor, negatives: Tensor, hardest: bool) -> Tensor:
    """Hinge on triplets in both directions: max(0, margin − cos(match) + cos(negative)).

    Args:
        cosines: (pictures, texts), −1…1.
        margin: by how much a match must beat a negative, 0…2.
        matches: as in `contrastive_loss`.
        negatives: as in `contrastive_loss`.
        hardest: only the most similar negative counts (VSE++, Faghri et al. 2018); otherwise the mean over those that
            violate the margin (Schroff et al. 2015), which starts more gently.

    Returns:
        A scalar, the mean over matching pairs and both directions.
    """
    pictures, texts = matches.nonzero(as_tuple=True)
    match = cosines[pictures, texts]
    total = cosines.new_zeros(())
    for others, allowed in ((cosines.T[texts], negatives.T[texts]), (cosines[pictures], negatives[pictures])):
        hinge = (margin - match[:, None] + others).clamp(min=0).masked_fill(~allowed, 0.0)
        if hardest:
            total = total + hinge.amax(1).mean()
        else:
            violating = (hinge > 0).sum(1).clamp(min=1)
            total = total + (hinge.sum(1) / violating).mean()
    return total / 2
