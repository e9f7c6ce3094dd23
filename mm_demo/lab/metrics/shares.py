"""How much each modality counts in a strategy's answers."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from mm_demo.evidence.coalitions import coalitions, shapley_values, shares
from mm_demo.lab.data.dataset import Modalities, ModalityData


def shapley_shares(logits: Callable[[Modalities], Tensor], modalities: Modalities) -> dict[str, float]:
    """Mean over examples of the modalities' exact Shapley shares in the probability of the answer, summing to 1.

    Absent means masked out, as training showed it.

    Args:
        logits: modalities → (members, examples, classes); shares are averaged over members, too.
        modalities: the examples.
    """
    names = list(modalities)
    full = logits(modalities).softmax(-1)
    answer = full.argmax(-1, keepdim=True)
    worth = {
        present: logits(without(modalities, set(names) - present)).softmax(-1).gather(-1, answer).flatten()
        for present in coalitions(names)
    }
    each = [
        shares(shapley_values(names, {present: float(values[i]) for present, values in worth.items()}))
        for i in range(answer.numel())
    ]
    return {name: sum(share[name] for share in each) / len(each) for name in names}


def without(modalities: Modalities, absent: set[str]) -> Modalities:
    """The same examples with some modalities missing from all of them."""
    return {
        name: ModalityData(modality.states, torch.zeros_like(modality.mask)) if name in absent else modality
        for name, modality in modalities.items()
    }
