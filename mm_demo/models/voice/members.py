"""Layers of several small networks side by side, computed as one: members never see each other's values."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn


class MemberLinear(nn.Module):
    """One `nn.Linear` a member.

    Args:
        members: how many.
        inputs: width of what each gets.
        outputs: width of what each gives.
    """

    def __init__(self, members: int, inputs: int, outputs: int) -> None:
        super().__init__()
        bound = 1 / math.sqrt(inputs)
        self.weight = nn.Parameter(torch.empty(members, inputs, outputs).uniform_(-bound, bound))
        self.bias = nn.Parameter(torch.zeros(members, outputs))

    def forward(self, values: Tensor) -> Tensor:
        """(…, members, inputs) to (…, members, outputs)."""
        return torch.einsum("...mi,mio->...mo", values, self.weight) + self.bias


class MemberGRU(nn.Module):
    """One bidirectional gated recurrent layer (Cho et al. 2014) a member, equal to `nn.GRU` on packed sequences.

    All members and both directions take a time step together: on a CPU a step costs its overhead, not its arithmetic.

    Args:
        members: how many.
        inputs: width of what each gets.
        hidden: width of each direction's state.
    """

    def __init__(self, members: int, inputs: int, hidden: int) -> None:
        super().__init__()
        self.hidden = hidden
        bound = 1 / math.sqrt(hidden)
        self.inner = nn.Parameter(torch.empty(members * 2, inputs, 3 * hidden).uniform_(-bound, bound))
        self.again = nn.Parameter(torch.empty(members * 2, hidden, 3 * hidden).uniform_(-bound, bound))
        self.inner_bias = nn.Parameter(torch.zeros(members * 2, 1, 3 * hidden))
        self.again_bias = nn.Parameter(torch.zeros(members * 2, 1, 3 * hidden))

    def forward(self, steps: Tensor, mask: Tensor) -> Tensor:
        """Run over time in both directions.

        Args:
            steps: (batch, steps, members, inputs).
            mask: bool (batch, steps); in every row the True ones come first.

        Returns:
            States (batch, steps, members, 2 * hidden), the forward direction's first.
        """
        batch, length, members, inputs = steps.shape
        turned = _turn(steps, mask)
        both = torch.stack([steps, turned], 3).permute(2, 3, 1, 0, 4).reshape(members * 2, length * batch, inputs)
        given = (torch.bmm(both, self.inner) + self.inner_bias).view(members * 2, length, batch, -1)
        states = _walk(given.transpose(0, 1), self.again, self.again_bias)
        out = states.view(length, members, 2, batch, self.hidden).permute(3, 0, 1, 2, 4)
        return torch.cat([out[..., 0, :], _turn(out[..., 1, :], mask)], -1)


def _walk(given: Tensor, again: Tensor, bias: Tensor) -> Tensor:
    """The states (steps, networks, batch, hidden) of gated recurrent units, from a zero state.

    Args:
        given: (steps, networks, batch, 3 * hidden), what the inputs add to the reset, update and new gate.
        again: (networks, hidden, 3 * hidden), what the state adds to them.
        bias: (networks, 1, 3 * hidden).
    """
    hidden = again.shape[1]
    state = given.new_zeros(*given.shape[1:3], hidden)
    states = []
    for now in given.unbind(0):
        kept = torch.baddbmm(bias, state, again)
        gate = torch.sigmoid(now[..., : 2 * hidden] + kept[..., : 2 * hidden])
        new = torch.tanh(torch.addcmul(now[..., 2 * hidden :], gate[..., :hidden], kept[..., 2 * hidden :]))
        state = torch.lerp(new, state, gate[..., hidden:])
        states.append(state)
    return torch.stack(states)


def _turn(steps: Tensor, mask: Tensor) -> Tensor:
    """Reverse the unmasked beginning of every row of (batch, steps, members, width) in time."""
    place = torch.arange(steps.shape[1], device=steps.device)
    back = mask.sum(1, keepdim=True) - 1 - place
    index = torch.where(back >= 0, back, place)
    return steps.gather(1, index[..., None, None].expand_as(steps))
