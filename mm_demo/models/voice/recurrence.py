"""The gated recurrent unit's walk through time, with its gradient written out.

Left to autograd the backward pass costs several times the forward pass, as every time step adds up the weights'
gradients anew. Written out, a step back is three operations, and the weights' gradient is one product at the end.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor


class Recurrence(torch.autograd.Function):
    """`Recurrence.apply(given, again, bias)` is the states (steps, networks, batch, hidden), from a zero state.

    given: (steps, networks, batch, 3 * hidden), what the inputs add to the reset, update and new gate.
    again: (networks, hidden, 3 * hidden), what the state adds to them; bias: (networks, 1, 3 * hidden).
    """

    @staticmethod
    def forward(ctx: Any, given: Tensor, again: Tensor, bias: Tensor) -> Tensor:
        """The states, one step after the other."""
        hidden = again.shape[1]
        state = given.new_zeros(*given.shape[1:3], hidden)
        states: list[Tensor] = []
        gates: list[Tensor] = []
        news: list[Tensor] = []
        inners: list[Tensor] = []
        for now in given.unbind(0):
            kept = torch.baddbmm(bias, state, again)
            gate = (now[..., : 2 * hidden] + kept[..., : 2 * hidden]).sigmoid_()
            inner = kept[..., 2 * hidden :]
            new = torch.addcmul(now[..., 2 * hidden :], gate[..., :hidden], inner).tanh_()
            state = torch.lerp(new, state, gate[..., hidden:])
            for kind, value in ((states, state), (gates, gate), (news, new), (inners, inner)):
                kind.append(value)
        result = torch.stack(states)
        if any(ctx.needs_input_grad):
            ctx.save_for_backward(result, torch.stack(gates), torch.stack(news), torch.stack(inners), again)
        return result

    @staticmethod
    def backward(ctx: Any, wanted: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Gradients of given, again and bias."""
        states, gates, new, inner, again = ctx.saved_tensors
        reset, update = gates.chunk(2, -1)
        before = torch.cat([torch.zeros_like(states[:1]), states[:-1]])
        of_new = (1 - update) * (1 - new**2)
        of_update = (before - new) * update * (1 - update)
        of_kept = torch.stack([of_new * inner * reset * (1 - reset), of_update, of_new * reset], -2)
        backward_weights = again.transpose(1, 2)
        arriving = torch.zeros_like(states[0])
        at_state, at_kept = [], []
        for share, keep, here in zip(
            reversed(of_kept.unbind(0)), reversed(update.unbind(0)), reversed(wanted.unbind(0)), strict=True
        ):
            arriving = arriving + here
            to_kept = (arriving.unsqueeze(-2) * share).flatten(-2)
            at_state.append(arriving)
            at_kept.append(to_kept)
            arriving = torch.baddbmm(arriving * keep, to_kept, backward_weights)
        kept = torch.stack(at_kept[::-1])
        hidden = again.shape[1]
        given = torch.cat([kept[..., : 2 * hidden], torch.stack(at_state[::-1]) * of_new], -1)
        of_again = torch.bmm(_by_network(before).transpose(1, 2), _by_network(kept))
        return given, of_again, kept.sum((0, 2)).unsqueeze(1)


def _by_network(values: Tensor) -> Tensor:
    """(steps, networks, batch, width) to (networks, steps * batch, width)."""
    return values.transpose(0, 1).flatten(1, 2)
