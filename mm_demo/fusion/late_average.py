"""Late fusion by the average: every modality decides alone, and all count the same."""

from __future__ import annotations

from collections.abc import Mapping

from mm_demo.fusion.base import Fused, Modality
from mm_demo.fusion.opinions import OpinionFusion


class LateAverageFusion(OpinionFusion):
    """p = mean of softmax(Cᵢ fᵢ + cᵢ) over the modalities that are present; a learned prior where none is.

    The sum rule of Kittler et al. (1998, "On combining classifiers"). Returns log p as logits.
    """

    name = "late_average"
    label = "Late fusion, average"
    help = "Each modality decides alone, and all have the same say."
    rank = 20

    def fuse(self, modalities: Mapping[str, Modality]) -> Fused:
        present = self.present(modalities).to(self.prior)
        weights = present / present.sum(1, keepdim=True).clamp(min=1)
        return Fused(self.mixture(weights, self.opinions(modalities)), weights)
