"""Strategies trained on the same data with the same budget, one after the other, and then asked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import torch

from mm_demo.errors import UserError
from mm_demo.fusion import STRATEGIES
from mm_demo.lab.data.dataset import Dataset
from mm_demo.lab.evaluation import Row, evaluate
from mm_demo.lab.robustness import relative_to
from mm_demo.lab.training.control import Control
from mm_demo.lab.training.fit import Fit
from mm_demo.lab.training.model import controls
from mm_demo.lab.training.plan import Plan
from mm_demo.lab.training.state import FitState, Progress

REFERENCE = "late"
"""The strategy that robustness is measured against."""


class Experiment:
    """A comparison that can be watched, paused, stopped and gone on with.

    Args:
        data: what to learn.
        strategies: names; None for all. The control of every modality is trained first, too.
        plan: the budget of each.
        device: where to train.
        states: where earlier trainings of the same data and plan were left, by name.

    Raises:
        UserError: a strategy isn't known, or none is named.

    Attributes:
        names: controls and strategies in the order in which they are trained.
        fits: those begun, by name.
    """

    def __init__(
        self,
        data: Dataset,
        strategies: Sequence[str] | None = None,
        plan: Plan | None = None,
        device: torch.device | str = "cpu",
        states: Mapping[str, FitState] | None = None,
    ) -> None:
        self.data = data.to(device)
        self.plan = plan or Plan()
        self.controls = controls(data.names)
        self.strategies = known(strategies)
        self.names = [*self.controls, *self.strategies]
        self.fits = {name: Fit(name, self.data, self.plan, state=state) for name, state in (states or {}).items()}
        self._rows: dict[str, Row] = {}

    def train(self, control: Control | None = None) -> Iterator[Progress]:
        """Train what isn't yet, one event an epoch; ends early where cancelled, and goes on the next time."""
        control = control or Control()
        for name in self.names:
            if name not in self.fits:
                self.fits[name] = Fit(name, self.data, self.plan)
            yield from self.fits[name].train(control)
            if control.cancelled:
                return

    def label(self, name: str) -> str:
        """What a person calls the strategy or control."""
        return STRATEGIES[name].label if name in STRATEGIES else name.capitalize()

    def rows(self) -> list[Row]:
        """What was found about every control and strategy that is through, in their order."""
        done = [name for name in self.names if name in self.fits and self.fits[name].state.done]
        for name in done:
            if name not in self._rows:
                self._rows[name] = evaluate(self.fits[name], self.data)
        reference = self._rows[REFERENCE].robustness if REFERENCE in self._rows else None
        return [
            row if row.control else replace(row, robustness=relative_to(row.robustness, reference))
            for row in (self._rows[name] for name in done)
        ]


def known(strategies: Sequence[str] | None) -> list[str]:
    """The strategies of these names, each once, in the order given; all in their own order for None.

    Raises:
        UserError: one isn't known, or none is named.
    """
    if strategies is None:
        return list(STRATEGIES)
    for name in strategies:
        if name not in STRATEGIES:
            raise UserError(f"There is no fusion strategy “{name}”: choose from {', '.join(STRATEGIES)}.")
    if not strategies:
        raise UserError(f"Name a strategy to train: {', '.join(STRATEGIES)}.")
    return list(dict.fromkeys(strategies))
