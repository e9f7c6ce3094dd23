"""What the bilinear strategies share: products of projected vectors, and how they are brought to one size."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping

from torch import Tensor
from torch.nn.functional import normalize

from mm_demo.fusion.base import Fused, Modality
from mm_demo.fusion.vectors import VectorFusion

_SMALL = 1e-4
"""Keeps the slope of the square root finite at 0, and the root without a step there."""


class BilinearFusion(VectorFusion):
    """Every entry of the fused vector is a sum of products, with one factor from each modality.

    The papers have two modalities; with more, the product runs over all of them. A missing modality is a learned vector
    that starts as ones, so that it leaves the others' product about as it is.
    """

    family = "bilinear"
    stand_in = 1.0

    def fuse(self, modalities: Mapping[str, Modality]) -> Fused:
        return Fused(self.classify(self.features(modalities)), None)

    @abstractmethod
    def classify(self, features: Tensor) -> Tensor:
        """(batch, classes): the logits from the projected vectors, (batch, modalities, width)."""


def of_one_size(fused: Tensor) -> Tensor:
    """z / √(|z| + 0.0001), about sign(z) √|z|, of (batch, width), each row then divided by its length.

    What MCB and MFB do with products, because these spread over many sizes.
    """
    return normalize(fused * (fused.abs() + _SMALL).rsqrt(), dim=1)
