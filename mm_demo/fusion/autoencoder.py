"""Cross-modal autoencoder: every modality can be made from every other."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from mm_demo.fusion.translation import TranslationFusion, mean_where

_WEIGHT = 0.1
"""Of the reconstruction beside the classes' loss."""


class AutoencoderFusion(TranslationFusion):
    """Loss = cross-entropy + 0.1 mean over (i, j) of ‖Dⱼ(cᵢ) − fⱼ‖² / dim, both i and j present, i = j among them.

    The bimodal deep autoencoder (Ngiam et al. 2011), which learns to make both modalities from one, trained together
    with the classifier and for any number of modalities: every one from every other.
    """

    name = "autoencoder"
    label = "Cross-modal autoencoder"
    help = "Learns to make each modality from the others, so that a missing one can be filled in."
    rank = 80

    def translating(self, given: Mapping[str, Tensor], codes: Tensor, present: Tensor) -> Tensor:
        errors = []
        for i in range(len(self.names)):
            for j, target in enumerate(self.names):
                error = (self.decoders[target](codes[:, i]) - given[target].detach()).square().mean(1)
                errors.append(mean_where(error, present[:, i] & present[:, j]))
        return _WEIGHT * torch.stack(errors).mean()
