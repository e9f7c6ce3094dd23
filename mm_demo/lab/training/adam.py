"""AdamW for many models at once, each with a learning rate of its own."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

_BETAS = (0.9, 0.999)
_EPSILON = 1e-8


@dataclass
class AdamW:
    """Decoupled weight decay (Loshchilov and Hutter 2019), with torch's defaults; torch's own takes one rate for all.

    Attributes:
        rates: (members,), the learning rates.
        decay: weight decay.
        mean: (members, parameters), running mean of the gradients.
        square: (members, parameters), running mean of their squares.
        steps: how many have been made.
    """

    rates: Tensor
    decay: float
    mean: Tensor
    square: Tensor
    steps: int = 0

    @classmethod
    def of(cls, rows: Tensor, rates: Tensor, decay: float) -> AdamW:
        """One for the parameters (members, parameters), at its beginning."""
        return cls(rates, decay, torch.zeros_like(rows), torch.zeros_like(rows))

    @torch.no_grad()
    def step(self, rows: Tensor, gradient: Tensor) -> Tensor:
        """The parameters (members, parameters) after one step; those given are changed."""
        self.steps += 1
        rates = self.rates[:, None]
        self.mean.lerp_(gradient, 1 - _BETAS[0])
        self.square.mul_(_BETAS[1]).addcmul_(gradient, gradient, value=1 - _BETAS[1])
        unbiased = (self.square / (1 - _BETAS[1] ** self.steps)).sqrt_().add_(_EPSILON)
        rows.mul_(1 - rates * self.decay)
        rows.addcmul_(self.mean / unbiased, -rates / (1 - _BETAS[0] ** self.steps))
        return rows

    def keep(self, members: Tensor) -> None:
        """Go on with some of the members alone."""
        self.rates, self.mean, self.square = self.rates[members], self.mean[members], self.square[members]
