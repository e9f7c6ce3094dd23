"""What the lab learns from: named modalities, labels, and a split that never changes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from mm_demo.lab.data.origin import Origin

SPLITS = ("train", "validation", "test")


@dataclass(frozen=True)
class ModalityData:
    """One modality of every example.

    Attributes:
        states: (examples, length, dim) float32; a modality that is one vector has length 1.
        mask: (examples, length) bool, True where a state is real; a row without any is a missing modality.
    """

    states: Tensor
    mask: Tensor

    @classmethod
    def of_vectors(cls, vectors: Tensor) -> ModalityData:
        """A modality that is one vector an example, (examples, dim)."""
        return cls(vectors.float()[:, None], torch.ones(len(vectors), 1, dtype=torch.bool, device=vectors.device))

    @property
    def dim(self) -> int:
        """Dimension of a state."""
        return self.states.shape[2]

    def __getitem__(self, rows: Tensor | slice) -> ModalityData:
        return ModalityData(self.states[rows], self.mask[rows])

    def to(self, device: torch.device | str) -> ModalityData:
        """The same on another device."""
        return ModalityData(self.states.to(device), self.mask.to(device))


Modalities = dict[str, ModalityData]


@dataclass(frozen=True)
class Dataset:
    """Examples with two modalities or more, in three parts.

    Attributes:
        name: what the command line calls it.
        title: what a person reads.
        modalities: name → data, at least two.
        labels: (examples,) int64, indices into `classes`.
        classes: their names.
        splits: "train", "validation" and "test" → row numbers, (rows,) int64 each, none of them empty.
        table: P(label, what the first modality truly says, what the second says) as discrete values, float64, where
            that is known because the data were generated; modalities in the order of their names.
        origin: what a person is shown of an example, where it is more than numbers.
    """

    name: str
    title: str
    modalities: Modalities
    labels: Tensor
    classes: tuple[str, ...]
    splits: Mapping[str, Tensor]
    table: Tensor | None = None
    origin: Origin | None = None

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The modalities in the order of their names, as fusion strategies have them."""
        return tuple(sorted(self.modalities))

    def part(self, split: str) -> tuple[Modalities, Tensor]:
        """The modalities and labels of one split; taken out once, as every epoch asks for them."""
        return self._parts[split]

    @cached_property
    def _parts(self) -> dict[str, tuple[Modalities, Tensor]]:
        return {
            split: ({name: self.modalities[name][rows] for name in self.names}, self.labels[rows])
            for split, rows in self.splits.items()
        }

    def to(self, device: torch.device | str) -> Dataset:
        """The same on another device."""
        return Dataset(
            self.name,
            self.title,
            {name: modality.to(device) for name, modality in self.modalities.items()},
            self.labels.to(device),
            self.classes,
            {name: rows.to(device) for name, rows in self.splits.items()},
            self.table,
            self.origin,
        )


@dataclass(frozen=True)
class Scale:
    """What brings every feature of a modality to mean 0 and standard deviation 1: (dim,) each."""

    mean: Tensor
    spread: Tensor

    @classmethod
    def of(cls, modality: ModalityData, train: Tensor) -> Scale:
        """As the real states of the training rows have it."""
        spread, mean = torch.std_mean(modality.states[train][modality.mask[train]], dim=0, correction=0)
        # A feature that never varies says nothing, and dividing by its spread would only enlarge rounding.
        return cls(mean, torch.where(spread > 1e-6 * (1 + mean.abs()), spread, 1.0))

    def __call__(self, modality: ModalityData) -> ModalityData:
        """The modality on this scale; padding is 0."""
        scaled = (modality.states - self.mean) / self.spread
        return ModalityData(torch.where(modality.mask[..., None], scaled, 0.0), modality.mask)


def standardised(modality: ModalityData, train: Tensor) -> ModalityData:
    """Every feature with mean 0 and standard deviation 1 over the real states of the training rows; padding is 0."""
    return Scale.of(modality, train)(modality)


def consecutive(train: int, validation: int, test: int) -> dict[str, Tensor]:
    """The splits of generated examples, which are in no order: the first are for training, the last for the test."""
    rows = torch.arange(train + validation + test)
    return dict(zip(SPLITS, rows.split([train, validation, test]), strict=True))
