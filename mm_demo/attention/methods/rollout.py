"""Attention rollout: attention followed through all layers, the residual connection counted in."""

from __future__ import annotations

import torch
from torch import Tensor

from mm_demo.attention.methods.base import Method, heads_of
from mm_demo.attention.trace import Trace


class Rollout(Method):
    """Abnar & Zuidema 2020, "Quantifying Attention Flow in Transformers".

    With A the mean over heads, a self-attention layer passes on Ã = (A + I) / rowsum(A + I). A cross-attention layer
    adds what it read to the residual stream in the same way, so half of the result comes from either side. Rows sum
    to 1 over all segments together.
    """

    name = "rollout"
    label = "Attention rollout"
    help = "Attention followed through all layers from the word down to its inputs, as if every layer mixed evenly."
    controls = ("head",)
    rank = 3

    def _rows(
        self, trace: Trace, query_segment: str, elements: slice, layer: int | None, head: int | None
    ) -> dict[str, Tensor]:
        flow: dict[str, dict[str, Tensor | None]] = {name: {name: None} for name in trace.segments}
        for record in trace.records:
            attention = heads_of(record.weights, head).cpu()
            own = flow[record.query]
            if record.kind == "self":
                mixed = attention + torch.eye(len(attention))
                mixed = mixed / mixed.sum(-1, keepdim=True)
                flow[record.query] = {name: _passed_on(mixed, matrix) for name, matrix in own.items()}
            else:
                read = {name: _passed_on(attention, matrix) for name, matrix in flow[record.key].items()}
                kept = {name: torch.eye(len(attention)) if m is None else m for name, m in own.items()}
                nothing = torch.zeros(())
                flow[record.query] = {
                    name: (kept.get(name, nothing) + read.get(name, nothing)) / 2 for name in kept | read
                }
        asked = torch.eye(len(trace.segments[query_segment]))
        return {name: (asked if m is None else m)[elements] for name, m in flow[query_segment].items()}


def _passed_on(weights: Tensor, matrix: Tensor | None) -> Tensor:
    """`weights @ matrix`, None being the identity: a picture's patches stay what they are, and are many."""
    return weights if matrix is None else weights @ matrix
