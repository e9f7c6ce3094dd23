"""Many models of one kind as one: their parameters as the rows of a matrix, all of them run at once."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from threading import Lock
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.func import functional_call, stack_module_state, vmap

_DRAWING = Lock()
"""Modules draw their first parameters from torch's one global generator; two people must not draw at once."""


class Answers(NamedTuple):
    """What all members say about a batch.

    Attributes:
        logits: (members, batch, classes).
        weights: (members, batch, modalities), or None where the strategy has none.
        auxiliary: (members,), to be added to the loss.
    """

    logits: Tensor
    weights: Tensor | None
    auxiliary: Tensor


class Members:
    """Models that differ in their parameters alone.

    Args:
        make: makes one model from nothing but torch's random numbers.
        seeds: one member each; the same seed always gives the same first parameters.
        vectorise: run all under one vmap; else one after the other, with the same result.

    Attributes:
        first: (members, parameters), the members as they were made.
        buffers: name → (members, …), what belongs to a member and isn't trained.
    """

    def __init__(self, make: Callable[[], nn.Module], seeds: Sequence[int], vectorise: bool = True) -> None:
        models = [seeded(make, seed) for seed in seeds]
        stacked, self.buffers = stack_module_state(models)
        self._names = list(stacked)
        self._shapes = [stacked[name].shape[1:] for name in self._names]
        self._sizes = [shape.numel() for shape in self._shapes]
        self.first = torch.cat([stacked[name].detach().flatten(1) for name in self._names], dim=1)
        self._template = models[0]
        self._vectorise = vectorise

    @property
    def parameters(self) -> int:
        """Number of parameters of one member."""
        return sum(self._sizes)

    def to(self, device: torch.device | str) -> Members:
        """Move everything, in place."""
        self.first = self.first.to(device)
        self.buffers = {name: buffer.to(device) for name, buffer in self.buffers.items()}
        self._template.to(device)
        return self

    def run(self, rows: Tensor, which: Tensor, states: Mapping[str, Tensor], masks: Mapping[str, Tensor]) -> Answers:
        """Every chosen member's answers, to its own batch.

        Args:
            rows: (chosen, parameters).
            which: (chosen,) int64, which members they are; their buffers are taken.
            states: modality → (chosen, batch, length, dim).
            masks: modality → (chosen, batch, length) bool.
        """
        self._template.train(torch.is_grad_enabled())
        buffers = {name: buffer[which] for name, buffer in self.buffers.items()}
        if self._vectorise:
            found = vmap(self._one, randomness="different")(rows, buffers, dict(states), dict(masks))
        else:
            each = [self._one(rows[i], _at(buffers, i), _at(states, i), _at(masks, i)) for i in range(len(rows))]
            found = {key: torch.stack([one[key] for one in each]) for key in each[0]}
        return Answers(
            found["logits"], found.get("weights"), found.get("auxiliary", found["logits"].new_zeros(len(rows)))
        )

    def module(self, row: Tensor, which: int) -> nn.Module:
        """One member with the parameters `row` (parameters,), as a module of its own, in evaluation mode."""
        model = copy.deepcopy(self._template).eval()
        buffers = {name: buffer[which] for name, buffer in self.buffers.items()}
        model.load_state_dict({**self._unpacked(row), **buffers}, strict=False)
        return model

    def _one(
        self, row: Tensor, buffers: dict[str, Tensor], states: dict[str, Tensor], masks: dict[str, Tensor]
    ) -> dict[str, Tensor]:
        fused = functional_call(self._template, (self._unpacked(row), buffers), (states, masks))
        everything = {"logits": fused.logits, "weights": fused.weights, "auxiliary": fused.auxiliary}
        return {key: value for key, value in everything.items() if value is not None}

    def _unpacked(self, row: Tensor) -> dict[str, Tensor]:
        pieces = row.split(self._sizes)
        return {name: piece.view(s) for name, piece, s in zip(self._names, pieces, self._shapes, strict=True)}


def seeded(make: Callable[[], nn.Module], seed: int) -> nn.Module:
    """A model whose first parameters depend on the seed and on nothing else; the global generator stays as it was."""
    with _DRAWING, torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return make()


def _at(tensors: Mapping[str, Tensor], i: int) -> dict[str, Tensor]:
    return {name: tensor[i] for name, tensor in tensors.items()}
