"""Trains one strategy for all seeds and learning rates at once."""

from __future__ import annotations

import time
from collections.abc import Iterator
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from mm_demo.fusion import STRATEGIES
from mm_demo.lab.data.dataset import Dataset, Modalities
from mm_demo.lab.training.batches import chunks, gather, lost, orders, shared
from mm_demo.lab.training.control import Control
from mm_demo.lab.training.members import Members
from mm_demo.lab.training.model import FusionModel, OneModality, used
from mm_demo.lab.training.plan import Plan
from mm_demo.lab.training.state import FitState, Progress

_AT_ONCE, _STATES_AT_ONCE = 1_000, 20_000
"""Examples, and states of its longest modality, that a member is asked about at once when nothing is learned."""


class Fit:
    """One strategy being trained, and afterwards asked.

    Args:
        strategy: name of a strategy, or of a control.
        data: what to learn; its training and validation parts are looked at.
        plan: for how long.
        vectorise: all members at once where the strategy allows it; False for one after the other.
        state: where an earlier training of the same strategy, data and plan was left.
    """

    def __init__(
        self, strategy: str, data: Dataset, plan: Plan, vectorise: bool = True, state: FitState | None = None
    ) -> None:
        self.strategy = strategy
        self.plan = plan
        dims = {name: data.modalities[name].dim for name in data.names}
        classes = len(data.classes)
        self._data = data
        self._device = data.labels.device
        at_once = vectorise and STRATEGIES.get(strategy, OneModality).vectorises
        make = partial(FusionModel, dims, classes, strategy)
        self.members = Members(make, plan.seeds, at_once).to(self._device)
        self._names = used(strategy, dims)
        self.state = state if state is not None else FitState.begin(self.members.first, plan)

    def train(self, control: Control | None = None) -> Iterator[Progress]:
        """Go on until done or cancelled; one event an epoch. What a cancelled epoch had learned is given up."""
        control = control or Control()
        while not self.state.done:
            started = time.perf_counter()
            before = self.state.copy()
            if not self._epoch(control):
                self.state = before
                return
            self.state.seconds += time.perf_counter() - started
            yield self.state.progress(self.strategy, self.plan)

    @torch.no_grad()
    def answers(self, modalities: Modalities) -> tuple[Tensor, Tensor | None]:
        """What the best state of every seed says.

        Returns:
            Logits (seeds, examples, classes), and weights (seeds, examples, modalities) where the strategy has any.
        """
        return self._ask(self.state.chosen(), torch.arange(len(self.plan.seeds), device=self._device), modalities)

    def model(self, seed: int) -> nn.Module:
        """The best state of the plan's seed number `seed` as a module of its own, in evaluation mode."""
        return self.members.module(self.state.chosen()[seed], seed)

    def _epoch(self, control: Control) -> bool:
        """One epoch and its validation; False where it was cancelled."""
        state, plan = self.state, self.plan
        modalities, labels = self._data.part("train")
        modalities = {name: modalities[name] for name in self._names}
        order = orders(plan.seeds, state.epoch, len(labels)).to(self._device)
        share = plan.missing if len(self._names) > 1 and state.epoch >= plan.trial else 0.0
        gone = lost(plan.seeds, state.epoch, len(labels), len(self._names), share).to(self._device)
        members = state.active
        which = members % len(plan.seeds)
        heard = torch.zeros(len(members), device=self._device)
        for piece in chunks(len(labels), plan.batch):
            if not control.may_go_on():
                return False
            rows = order[which, piece]
            states, masks = gather(modalities, rows, gone[which, piece])
            parameters = state.rows[members].requires_grad_()
            losses = self._losses(parameters, which, states, masks, labels[rows])
            # Members share nothing, so the gradient of the sum is every member's own.
            (gradient,) = torch.autograd.grad(losses.sum(), parameters)
            state.rows[members] = state.optimizer.step(parameters.detach(), gradient)
            heard += losses.detach() * rows.shape[1] / len(labels)
        state.record(heard, *self._validate(state.rows[members], which), plan)
        return True

    def _losses(
        self, rows: Tensor, which: Tensor, states: dict[str, Tensor], masks: dict[str, Tensor], labels: Tensor
    ) -> Tensor:
        """(members,) mean cross-entropy, with what the strategy adds."""
        answers = self.members.run(rows, which, states, masks)
        each = cross_entropy(answers.logits.flatten(0, 1), labels.flatten(), reduction="none")
        return each.view(labels.shape).mean(1) + answers.auxiliary

    @torch.no_grad()
    def _validate(self, rows: Tensor, which: Tensor) -> tuple[Tensor, Tensor]:
        """(members,) cross-entropy and accuracy on the validation part."""
        modalities, labels = self._data.part("validation")
        logits, _ = self._ask(rows, which, modalities)
        losses = cross_entropy(logits.flatten(0, 1), labels.repeat(len(rows)), reduction="none")
        return losses.view(len(rows), -1).mean(1), (logits.argmax(2) == labels).float().mean(1)

    def _ask(self, rows: Tensor, which: Tensor, modalities: Modalities) -> tuple[Tensor, Tensor | None]:
        logits, weights = [], []
        masks = [modalities[name].mask for name in self._names]
        size = min(_AT_ONCE, max(1, _STATES_AT_ONCE // max(mask.shape[1] for mask in masks)))
        for piece in chunks(len(masks[0]), size):
            part = {name: modalities[name][piece] for name in self._names}
            answers = self.members.run(rows, which, *shared(part, len(rows)))
            logits.append(answers.logits)
            if answers.weights is not None:
                weights.append(answers.weights)
        return torch.cat(logits, dim=1), torch.cat(weights, dim=1) if weights else None
