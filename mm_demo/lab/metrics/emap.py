"""EMAP: what is left of a model's answers without any interaction between the modalities.

Hessel and Lee (2020, "Does my multimodal model learn cross-modal interactions?").
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from mm_demo.lab.data.dataset import Modalities


def emap(logits: Callable[[Modalities], Tensor], modalities: Modalities) -> Tensor:
    """The additive function nearest to a model, on N examples, (…, N, classes).

    With two modalities f̂(i, i) = meanⱼ f(i, j) + meanⱼ f(j, i) − mean f, f(i, j) being the logits for the first
    modality of example i and the second of example j. With more, every modality m is crossed with all others of another
    example together: f̂ = Σₘ meanⱼ f(mᵢ, othersⱼ) − (M − 1) mean f, which for two is the same.

    Args:
        logits: modalities of any number of examples → (…, examples, classes).
        modalities: N examples; the model is asked about N² for two modalities, M · N² for more.
    """
    names = list(modalities)
    count = len(next(iter(modalities.values())).mask)
    own = torch.arange(count, device=modalities[names[0]].mask.device)
    here, other = own.repeat_interleave(count), own.repeat(count)
    if len(names) == 2:
        crossed = _grid(logits({names[0]: modalities[names[0]][here], names[1]: modalities[names[1]][other]}), count)
        grids = [crossed, crossed.transpose(-3, -2)]
    else:
        grids = [
            _grid(
                logits({name: modality[here if name == m else other] for name, modality in modalities.items()}), count
            )
            for m in names
        ]
    means = torch.stack([grid.mean(-2) for grid in grids])
    overall = means.mean(-2, keepdim=True).mean(0)
    return means.sum(0) - (len(grids) - 1) * overall


def _grid(answers: Tensor, count: int) -> Tensor:
    """(…, N · N, classes) → (…, N, N, classes): whose modality it is, whose the others are."""
    return answers.unflatten(-2, (count, count))
