"""What is trained: the same small encoder for every modality, then a fusion strategy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from torch import Tensor, nn

from mm_demo.fusion import STRATEGIES, Fused, FusionStrategy, Modality, Shape

HIDDEN = 64
WIDTH = 32


class FusionModel(nn.Module):
    """Encoders, the same for all strategies, and a strategy on what they leave.

    Every state goes through Linear(dim, 64), ReLU, Linear(64, 32), ReLU; a modality's vector is the mean of its real
    states, so that a modality of one vector has itself.

    Args:
        dims: modality → dimension of its states.
        classes: number of classes.
        strategy: name of a strategy, or "only NAME" for the control that reads modality NAME alone.
    """

    def __init__(self, dims: Mapping[str, int], classes: int, strategy: str) -> None:
        super().__init__()
        self.encoders = nn.ModuleDict(
            {
                name: nn.Sequential(nn.Linear(dims[name], HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, WIDTH), nn.ReLU())
                for name in used(strategy, dims)
            }
        )
        self.fusion: FusionStrategy | OneModality
        if strategy in STRATEGIES:
            shapes = {name: Shape(WIDTH, WIDTH) for name in dims}
            # Dropout would make a seed's result depend on which others are trained beside it.
            self.fusion = STRATEGIES[strategy](shapes, classes, width=WIDTH, dropout=0.0)
        else:
            self.fusion = OneModality(strategy, classes)

    def forward(self, states: Mapping[str, Tensor], masks: Mapping[str, Tensor]) -> Fused:
        """Class logits of a batch.

        Args:
            states: modality → (batch, length, dim).
            masks: modality → (batch, length) bool.
        """
        given = {}
        for name, encoder in self.encoders.items():
            mask = masks[name]
            encoded = encoder(states[name]) * mask[..., None]
            vector = encoded.sum(1) / mask.sum(1, keepdim=True).clamp(min=1)
            given[name] = Modality(vector, encoded, mask)
        fused: Fused = self.fusion(given)
        return fused


class OneModality(nn.Module):
    """The control: a network with one hidden layer on a single modality's vector."""

    PREFIX: ClassVar[str] = "only "
    vectorises: ClassVar[bool] = True

    def __init__(self, name: str, classes: int) -> None:
        super().__init__()
        self.modality = name.removeprefix(self.PREFIX)
        self.network = nn.Sequential(nn.Linear(WIDTH, WIDTH), nn.ReLU(), nn.Linear(WIDTH, classes))

    def forward(self, modalities: Mapping[str, Modality]) -> Fused:
        """Logits from the vector of the one modality; one that is missing reads as zeros."""
        return Fused(self.network(modalities[self.modality].vector), None)


def used(strategy: str, dims: Mapping[str, int]) -> list[str]:
    """The modalities that a strategy reads, in the order of their names."""
    if strategy in STRATEGIES:
        return sorted(dims)
    return [strategy.removeprefix(OneModality.PREFIX)]


def controls(names: tuple[str, ...]) -> list[str]:
    """The control for each modality."""
    return [f"{OneModality.PREFIX}{name}" for name in names]
