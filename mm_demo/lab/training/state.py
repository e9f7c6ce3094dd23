"""Where a training stands: all that is needed to go on, and to show it."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from typing import NamedTuple

import torch
from torch import Tensor

from mm_demo.lab.training.adam import AdamW
from mm_demo.lab.training.plan import Plan

_TENSORS = ("rows", "best", "least", "waited", "active")


class Progress(NamedTuple):
    """What is told after every epoch.

    Attributes:
        strategy: its name.
        epoch: epochs done.
        epochs: at most so many.
        rate: the chosen learning rate, None while several are on trial.
        train_loss: (seeds,) at the chosen rate, or at the best so far; a seed that has stopped keeps its last.
        validation_loss: the same for the validation part.
        validation_accuracy: (seeds,), 0…1, likewise.
        done: whether this was the last.
    """

    strategy: str
    epoch: int
    epochs: int
    rate: float | None
    train_loss: Tensor
    validation_loss: Tensor
    validation_accuracy: Tensor
    done: bool


@dataclass
class FitState:
    """Members are numbered rate · seeds + seed.

    Attributes:
        rows: (members, parameters), as they are.
        best: (members, parameters), as they were when the validation loss was least.
        least: (members,), that loss.
        waited: (members,) int64, epochs since then.
        active: (active members,) int64, those still trained.
        optimizer: of the active ones.
        curves: (epochs, 3, members): training loss, validation loss, validation accuracy; NaN where not trained.
        seconds: spent so far.
        done: whether nothing is left to do.
    """

    rows: Tensor
    best: Tensor
    least: Tensor
    waited: Tensor
    active: Tensor
    optimizer: AdamW
    rates: tuple[float, ...]
    curves: list[Tensor] = field(default_factory=list)
    seconds: float = 0.0
    done: bool = False

    @classmethod
    def begin(cls, first: Tensor, plan: Plan) -> FitState:
        """At the start: the same first parameters (seeds, parameters) for every learning rate."""
        rows = first.repeat(len(plan.rates), 1)
        rates = torch.tensor(plan.rates, device=first.device).repeat_interleave(len(plan.seeds))
        return cls(
            rows,
            rows.clone(),
            torch.full((len(rows),), torch.inf, device=first.device),
            torch.zeros(len(rows), dtype=torch.long, device=first.device),
            torch.arange(len(rows), device=first.device),
            AdamW.of(rows, rates, plan.decay),
            plan.rates,
        )

    @property
    def epoch(self) -> int:
        """Epochs done."""
        return len(self.curves)

    @property
    def seeds(self) -> int:
        """How many seeds there are."""
        return len(self.rows) // len(self.rates)

    def copy(self) -> FitState:
        """One that later changes leave alone."""
        return copy.deepcopy(self)

    def best_rate(self) -> int:
        """Number of the learning rate with the least mean validation loss over the seeds."""
        return int(self.least.view(len(self.rates), self.seeds).mean(1).nan_to_num(torch.inf).argmin())

    def chosen(self) -> Tensor:
        """(seeds, parameters): the best of every seed at the chosen rate."""
        return self.best.view(len(self.rates), self.seeds, -1)[self.best_rate()]

    def chosen_curves(self) -> Tensor:
        """(3, epochs, seeds) at the chosen rate: training loss, validation loss, validation accuracy."""
        curves = torch.stack(self.curves, dim=1)
        return curves.unflatten(2, (len(self.rates), self.seeds))[:, :, self.best_rate()]

    def record(self, train: Tensor, losses: Tensor, accuracies: Tensor, plan: Plan) -> None:
        """Enter the active members' epoch, and leave out of the next those that are through."""
        curve = torch.full((3, len(self.rows)), torch.nan, device=self.rows.device)
        curve[:, self.active] = torch.stack([train, losses, accuracies])
        self.curves.append(curve)
        better = losses < self.least[self.active]
        improved = self.active[better]
        self.best[improved] = self.rows[improved]
        self.least[improved] = losses[better]
        self.waited[self.active] += 1
        self.waited[improved] = 0
        going_on = (self.waited[self.active] < plan.patience) | (self.epoch < plan.least)
        if self.epoch >= plan.trial:
            going_on &= self.active // self.seeds == self.best_rate()
        self.done = self.epoch >= plan.epochs or not bool(going_on.any())
        if not bool(going_on.all()):
            self.active = self.active[going_on]
            self.optimizer.keep(going_on)

    def progress(self, strategy: str, plan: Plan) -> Progress:
        """What the last epoch is told as."""
        rate = self.best_rate()
        curve = self._last().view(3, len(self.rates), self.seeds)[:, rate].cpu()
        on_trial = self.epoch < plan.trial and not self.done
        chosen = None if on_trial else plan.rates[rate]
        return Progress(strategy, self.epoch, plan.epochs, chosen, curve[0], curve[1], curve[2], self.done)

    def _last(self) -> Tensor:
        """(3, members): the last figures of every member, also of those that have stopped."""
        last = self.curves[0]
        for curve in self.curves[1:]:
            last = torch.where(curve.isnan(), last, curve)
        return last

    def packed(self) -> tuple[dict[str, Tensor], dict[str, float]]:
        """All tensors by name, and the plain numbers."""
        tensors = {name: getattr(self, name) for name in _TENSORS}
        moments = {"mean": self.optimizer.mean, "square": self.optimizer.square, "member_rates": self.optimizer.rates}
        curves = torch.stack(self.curves) if self.curves else torch.zeros(0, 3, len(self.rows))
        numbers = {"steps": self.optimizer.steps, "seconds": self.seconds, "done": self.done}
        return {**tensors, **moments, "curves": curves}, numbers

    @classmethod
    def unpacked(cls, tensors: dict[str, Tensor], numbers: dict[str, float], plan: Plan) -> FitState:
        """The inverse of `packed`, for the same plan."""
        optimizer = AdamW(
            tensors["member_rates"], plan.decay, tensors["mean"], tensors["square"], int(numbers["steps"])
        )
        return cls(
            **{name: tensors[name] for name in _TENSORS},
            optimizer=optimizer,
            rates=plan.rates,
            curves=list(tensors["curves"]),
            seconds=numbers["seconds"],
            done=bool(numbers["done"]),
        )
