"""Compact bilinear pooling (MCB)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce

import torch
from torch import Tensor, nn

from mm_demo.fusion.base import Shape
from mm_demo.fusion.bilinear import BilinearFusion, of_one_size

_SKETCH = 4
"""Entries of a sketch for each entry of a projected vector."""


class CompactBilinearFusion(BilinearFusion):
    """z = FFT⁻¹(∏ᵢ FFT(Ψᵢ hᵢ));  logits = C n(z) + c, where n(z) is sign(z) √|z| divided by its length.

    Multimodal compact bilinear pooling (Fukui et al. 2016). Ψᵢ is a count sketch: entry k of hᵢ = Wᵢ fᵢ + bᵢ is added,
    with the sign sᵢₖ, to entry bucketᵢₖ of 4 × width. The circular convolution of the sketches, which the FFT computes,
    is the sketch of the outer product. Buckets and signs are drawn once and are buffers, not parameters.
    """

    name = "compact_bilinear"
    label = "Compact bilinear (MCB)"
    help = "Multiplies every feature of one modality with every feature of the others, squeezed into a sketch."
    rank = 53

    buckets: Tensor
    signs: Tensor

    def __init__(self, shapes: Mapping[str, Shape], classes: int, width: int = 64, dropout: float = 0.1) -> None:
        super().__init__(shapes, classes, width, dropout)
        drawn = (len(self.names), width)
        self.register_buffer("buckets", torch.randint(_SKETCH * width, drawn))
        self.register_buffer("signs", torch.randint(2, drawn) * 2.0 - 1.0)
        self.classifier = nn.Linear(_SKETCH * width, classes)

    def sketches(self, features: Tensor) -> Tensor:
        """(batch, modalities, 4 × width): the count sketches of (batch, modalities, width)."""
        empty = features.new_zeros(*features.shape[:2], _SKETCH * self.width)
        return empty.scatter_add(2, self.buckets.expand_as(features), features * self.signs)

    def classify(self, features: Tensor) -> Tensor:
        spectra = torch.fft.rfft(self.sketches(features))
        product = torch.fft.irfft(reduce(torch.mul, spectra.unbind(1)), n=_SKETCH * self.width)
        logits: Tensor = self.classifier(of_one_size(product))
        return logits
