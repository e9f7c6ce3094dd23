"""How long and how everything is trained: the same for every strategy."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Plan:
    """One budget for all.

    Attributes:
        seeds: one model each; they differ in first parameters and in the order of the examples.
        rates: learning rates to choose from.
        trial: epochs after which only the rate with the least mean validation loss over the seeds goes on.
        epochs: at most so many.
        patience: a seed stops after so many epochs without a lower validation loss.
        least: but not before this one, as an interaction can take a while to be found at all.
        batch: examples a step.
        decay: weight decay.
        missing: share of training examples that lose one modality once the trial is over, so that missing ones are
            known; from the first epoch on it would keep some strategies from ever finding an interaction.
    """

    seeds: tuple[int, ...] = (0, 1, 2, 3, 4)
    rates: tuple[float, ...] = (0.003, 0.01)
    trial: int = 7
    epochs: int = 30
    patience: int = 6
    least: int = 15
    batch: int = 250
    decay: float = 0.01
    missing: float = 0.1

    def __post_init__(self) -> None:
        if not (self.seeds and self.rates):
            raise ValueError("a plan takes a seed and a learning rate at least")
