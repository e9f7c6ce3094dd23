"""What the translating strategies share: a modality that is missing is made from those that are there."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping

import torch
from torch import Tensor, nn

from mm_demo.fusion.base import Fused, FusionStrategy, Modality, Shape


class TranslationFusion(FusionStrategy):
    """cᵢ = tanh(Wᵢ fᵢ + bᵢ);  f̃ⱼ = Dⱼ(mean of the cᵢ that are present) where j is missing;
    logits = C ReLU(U [c₁; …; c_M] + b) + c, with cⱼ from f̃ⱼ in place of fⱼ.

    The decoders Dⱼ have one hidden layer and learn from what a subclass adds to the loss. With nothing present they
    start from zeros. Targets are the modalities' vectors, detached: the loss teaches to translate them, not to become
    easy to translate.
    """

    family = "translation"

    def __init__(self, shapes: Mapping[str, Shape], classes: int, width: int = 64, dropout: float = 0.1) -> None:
        super().__init__(shapes, classes, width, dropout)
        self.encoders = nn.ModuleDict({name: nn.Linear(shapes[name].vector, width) for name in self.names})
        self.decoders = nn.ModuleDict(
            {
                name: nn.Sequential(nn.Linear(width, width), nn.ReLU(), nn.Linear(width, shapes[name].vector))
                for name in self.names
            }
        )
        self.network = nn.Sequential(nn.Linear(len(self.names) * width, width), nn.ReLU(), nn.Linear(width, classes))

    def fuse(self, modalities: Mapping[str, Modality]) -> Fused:
        present = self.present(modalities)
        given = {name: modalities[name].vector for name in self.names}
        codes = torch.stack([self.encode(name, given[name]) for name in self.names], dim=1)
        shared = mean_of_present(codes, present)
        filled = [
            torch.where(present[:, i, None], codes[:, i], self.encode(name, self.decoders[name](shared)))
            for i, name in enumerate(self.names)
        ]
        auxiliary = self.translating(given, codes, present) if self.training else None
        return Fused(self.network(torch.cat(filled, dim=1)), None, auxiliary)

    def encode(self, name: str, vector: Tensor) -> Tensor:
        """(batch, width): the code cᵢ of a modality's vector."""
        return torch.tanh(self.encoders[name](self.dropout(vector)))

    @abstractmethod
    def translating(self, given: Mapping[str, Tensor], codes: Tensor, present: Tensor) -> Tensor:
        """The scalar loss by which the decoders learn.

        Args:
            given: the vectors by name, each (batch, vector dim).
            codes: (batch, modalities, width), in the order of the names.
            present: (batch, modalities) bool.
        """


def mean_of_present(values: Tensor, present: Tensor) -> Tensor:
    """(batch, width): mean over the modalities that are present, of (batch, modalities, width); 0 where none is."""
    return torch.einsum("bmw,bm->bw", values, present.to(values)) / present.sum(1, keepdim=True).clamp(min=1)


def mean_where(values: Tensor, there: Tensor) -> Tensor:
    """The mean of (batch,) values where `there`, (batch,) bool, is True; 0 where it nowhere is."""
    return (values * there).sum() / there.sum().clamp(min=1)
