"""Adversarial translation: what is made for a missing modality must pass for real."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn.functional import softplus

from mm_demo.fusion.base import Shape
from mm_demo.fusion.translation import TranslationFusion, mean_of_present, mean_where

_WEIGHT = 0.1
"""Of the adversarial loss beside the classes'."""


class AdversarialFusion(TranslationFusion):
    """Loss = cross-entropy + 0.1 meanⱼ [ −log σ(Jⱼ(c, fⱼ)) − log(1 − σ(Jⱼ(c, f̃ⱼ))) ], f̃ⱼ = Dⱼ(c).

    c is the mean code of the modalities other than j that are present. The judge Jⱼ learns to tell the real vector from
    the translated one, given c; Dⱼ learns the opposite. The gradient is reversed between the two (Ganin and Lempitsky
    2015), so one step of one optimizer trains both sides of the conditional game (Goodfellow et al. 2014; Mirza and
    Osindero 2014). A generator for what is missing, after Cai et al. (2018, "Deep adversarial learning for
    multi-modality missing data completion").
    """

    name = "adversarial"
    label = "Adversarial translation"
    help = "Makes a missing modality from the others so well that a judge cannot tell it from a real one."
    rank = 81

    def __init__(self, shapes: Mapping[str, Shape], classes: int, width: int = 64, dropout: float = 0.1) -> None:
        super().__init__(shapes, classes, width, dropout)
        self.judges = nn.ModuleDict(
            {
                name: nn.Sequential(nn.Linear(width + shapes[name].vector, width), nn.ReLU(), nn.Linear(width, 1))
                for name in self.names
            }
        )

    def translating(self, given: Mapping[str, Tensor], codes: Tensor, present: Tensor) -> Tensor:
        losses = []
        for j, target in enumerate(self.names):
            others = present & (torch.arange(len(self.names), device=present.device) != j)
            code = mean_of_present(codes, others)
            made = self.decoders[target](code)
            real, fake = (
                self.judges[target](torch.cat([code.detach(), vector], dim=1))[:, 0]
                for vector in (given[target].detach(), reversed_gradient(made))
            )
            losses.append(mean_where(softplus(-real) + softplus(fake), present[:, j] & others.any(1)))
        return _WEIGHT * torch.stack(losses).mean()


def reversed_gradient(values: Tensor) -> Tensor:
    """The same values, through which a gradient comes back with its sign changed."""
    return 2 * values.detach() - values
