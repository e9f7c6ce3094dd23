"""What every fusion strategy is: named modalities in, class logits and the modalities' weights out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import torch
from torch import Tensor, nn

_TAKEN = {*dir(nn.ModuleDict()), *dir(nn.ParameterDict())}


@dataclass(frozen=True)
class Modality:
    """One modality of a batch.

    Attributes:
        vector: (batch, vector dim), the whole input in one vector.
        states: (batch, length, state dim), the input over time, or word by word.
        mask: (batch, length) bool, True where a state is real. A row without any is a missing modality: whatever its
            vector and states hold is ignored.
    """

    vector: Tensor
    states: Tensor
    mask: Tensor

    @classmethod
    def of_vector(cls, vector: Tensor, present: Tensor | None = None) -> Modality:
        """A modality without a sequence: (batch, dim), and where it is present, (batch,) bool."""
        seen = torch.ones(len(vector), dtype=torch.bool, device=vector.device) if present is None else present
        return cls(vector, vector[:, None], seen[:, None])

    @property
    def present(self) -> Tensor:
        """(batch,) bool: False where the modality is missing."""
        return self.mask.any(1)

    def cleaned(self) -> Modality:
        """The same with zeros where the mask holds nothing, so that not even a NaN gets through from there."""
        return Modality(
            torch.where(self.present[:, None], self.vector, 0.0),
            torch.where(self.mask[..., None], self.states, 0.0),
            self.mask,
        )


class Shape(NamedTuple):
    """The last dimensions of a modality's vector and of its states."""

    vector: int
    states: int


class Fused(NamedTuple):
    """What a strategy returns.

    Attributes:
        logits: (batch, classes).
        weights: (batch, modalities), the modalities in the order of their names, rows summing to 1 over those that are
            present, all 0 where none is; None for strategies that weigh nothing.
        auxiliary: a scalar to add to the loss while training, whatever the strategy makes of it; None for strategies
            that need no more than the classes, and for all in evaluation mode. One loss trains every strategy:
            `cross_entropy(fused.logits, labels) + (0 if fused.auxiliary is None else fused.auxiliary)`.
    """

    logits: Tensor
    weights: Tensor | None
    auxiliary: Tensor | None = None


class FusionStrategy(nn.Module, ABC):
    """A classifier over several modalities. The order in which they are given means nothing: they go by name.

    Args:
        shapes: name of each modality → its dimensions. A name is not empty, has no dot, and is no attribute of torch's
            dictionaries of modules and parameters ("keys", "type", …).
        classes: number of classes.
        width: dimension in which the modalities meet.
        dropout: probability of dropping an entry of what is fused, 0…1.

    Raises:
        ValueError: fewer than two modalities, or a name that cannot be one.

    Attributes:
        name: what the strategy is called in the interfaces.
        label: what a person reads in a list.
        help: one sentence on what it does.
        family: "early", "intermediate", "late", "attention", "bilinear", "memory", "graph" or "translation".
        rank: place in lists, small first.
        additive: the class it decides for is the largest of sums to which every modality contributes a term of its own,
            gₖ₁(x₁) + … + gₖ_M(x_M), whatever encoders come before. Such a strategy cannot represent a synergy: of the
            four quadrants of an exclusive or it gets three at most, 75 %. Attention over modalities gets there, because
            it can turn up the one that is surer; the late strategies stay at chance, where their loss is least.
        sequential: reads a modality's states; the others read its vector alone, so they cannot look anything up.
        vectorises: runs under `torch.func.functional_call` and `vmap` over stacked parameters, so that many seeds train
            at once (dropout wants `randomness="different"`).
    """

    name: ClassVar[str]
    label: ClassVar[str]
    help: ClassVar[str]
    family: ClassVar[str]
    rank: ClassVar[int]
    additive: ClassVar[bool] = False
    sequential: ClassVar[bool] = False
    vectorises: ClassVar[bool] = True

    def __init__(self, shapes: Mapping[str, Shape], classes: int, width: int = 64, dropout: float = 0.1) -> None:
        super().__init__()
        if len(shapes) < 2:
            raise ValueError("fusion takes two modalities or more")
        for name in shapes:
            if not name or "." in name or name in _TAKEN:
                raise ValueError(f"a modality cannot be called '{name}'")
        self.names = tuple(sorted(shapes))
        self.classes = classes
        self.width = width
        self.dropout = nn.Dropout(dropout)

    def forward(self, modalities: Mapping[str, Modality]) -> Fused:
        """Fuse a batch; all of `names` must be there, missing ones by their mask. What is masked is never read."""
        return self.fuse({name: modalities[name].cleaned() for name in self.names})

    @abstractmethod
    def fuse(self, modalities: Mapping[str, Modality]) -> Fused:
        """As `forward`, on modalities in the order of their names that hold zeros wherever nothing is."""

    def present(self, modalities: Mapping[str, Modality]) -> Tensor:
        """(batch, modalities) bool, in the order of the names."""
        return torch.stack([modalities[name].present for name in self.names], dim=1)


def softmax_over_present(scores: Tensor, present: Tensor) -> Tensor:
    """Softmax over dimension 1 of (batch, modalities, …) among those present; all 0 where none is.

    Args:
        scores: (batch, modalities, …).
        present: bool, broadcastable to the scores.
    """
    # A finite number far below any score: with −∞ a row without any present modality would have no gradient.
    low = torch.finfo(scores.dtype).min / 2
    return scores.masked_fill(~present, low).softmax(1) * present
