"""Is this picture of the kind that the checkpoint knows? A density over its own vision features.

The features of a picture (mean and spread over its patches, at several depths of the vision encoder) are compared with
those of the pictures it was trained on by their Mahalanobis distance, as Lee et al. (2018, "A simple unified framework
for detecting out-of-distribution samples") do for classifiers. The density is fitted by `mm_demo.training.familiarity`
and lies beside the weights.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor

FILE = "familiarity.safetensors"


@dataclass(frozen=True)
class Familiarity:
    """A fitted density.

    Attributes:
        depths: which of the hidden states are used, 0 for the patch embeddings.
        mean: (features,).
        whitening: (features, features), lower triangular; a familiar picture's centred features times this have unit
            variance. It is the Cholesky factor of the inverse covariance.
        limit: the largest distance that still counts as familiar.
    """

    depths: tuple[int, ...]
    mean: Tensor
    whitening: Tensor
    limit: float
    threshold: float = 0.5

    @classmethod
    def open(cls, folder: Path) -> Familiarity | None:
        """The density beside a checkpoint's weights, or None where it has none."""
        path = folder / FILE
        if not path.exists():
            return None
        with safe_open(str(path), "pt") as file:
            about = json.loads(file.metadata()["about"])
            mean, packed = file.get_tensor("mean").float(), file.get_tensor("whitening").float()
        whitening = torch.zeros(len(mean), len(mean))
        whitening[*torch.tril_indices(*whitening.shape)] = packed
        return cls(tuple(about["depths"]), mean, whitening, float(about["limit"]))

    def save(self, folder: Path) -> None:
        """Write it beside a checkpoint's weights, in half precision, of the triangle only what is not zero."""
        about = json.dumps({"depths": list(self.depths), "limit": self.limit})
        packed = self.whitening[*torch.tril_indices(*self.whitening.shape)]
        tensors = {"mean": self.mean.half(), "whitening": packed.half()}
        save_file(tensors, str(folder / FILE), {"about": about})

    def distance(self, features: list[Tensor]) -> float:
        """Root mean square of the whitened features; about 1 for a picture like those of the fit."""
        centred = describe(features, self.depths) - self.mean
        return float((centred @ self.whitening).square().mean().sqrt())

    def score(self, features: list[Tensor]) -> float:
        """Familiarity in 0…1, `threshold` (one half) at the limit and falling with the squared distance.

        Args:
            features: hidden states of the vision encoder for one picture, the embeddings first, each
                (1 + patches, dim), the class token leading.
        """
        return float(0.5 ** ((self.distance(features) / self.limit) ** 2))


def describe(features: list[Tensor], depths: tuple[int, ...]) -> Tensor:
    """(features,): mean and standard deviation over the patches at each depth."""
    patches = [features[depth][1:].float().cpu() for depth in depths]
    return torch.cat([part for p in patches for part in (p.mean(0), p.std(0))])
