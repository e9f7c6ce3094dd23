"""Attention and its gradient, averaged."""

from __future__ import annotations

import torch
from torch import Tensor

from mm_demo.attention.methods.attention_gradient import summed
from mm_demo.attention.methods.base import Method, gradient_of, heads_of
from mm_demo.attention.methods.raw import RawAttention
from mm_demo.attention.trace import Record, Segment, Trace


class MeanRelevance(Method):
    """The mean of attention and of (A ⊙ ∇A)⁺ summed over layers, each scaled to sum to 1 over a segment, or over the
    whole of a joint sequence.

    Means of explanations that err in different places are truer than either (Rieger & Hansen 2019, "Aggregating
    explainability methods for neural networks stabilizes explanations"): attention has sinks that the answer owes
    nothing to, a gradient has peaks that only a small step would feel. What stands before a segment's layout (a class
    token) is left out of the scale.
    """

    name = "mean"
    label = "Attention and gradient"
    help = "The mean of where the word looked and of what raised its score there; their errors lie in different places."
    needs_gradient = True
    controls = ("layer", "head")
    rank = 5

    def _rows(
        self, trace: Trace, query_segment: str, elements: slice, layer: int | None, head: int | None
    ) -> dict[str, Tensor]:
        def raised(record: Record) -> Tensor:
            return heads_of((record.weights * gradient_of(record)).clamp(min=0), head)

        looked = RawAttention()._rows(trace, query_segment, elements, layer, head)
        owed = summed(trace, query_segment, elements, layer, raised)
        return {
            name: (_share(rows, trace.segments[name]) + _share(owed[name], trace.segments[name])) / 2
            for name, rows in looked.items()
            if name in owed
        }


def _share(rows: Tensor, segment: Segment) -> Tensor:
    total = rows[:, segment.leading :].sum(-1, keepdim=True)
    return rows / torch.where(total > 0, total, 1.0)
