"""Attention times gradient, layer by layer, without propagation."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from mm_demo.attention.methods.base import Method, gradient_of, heads_of, in_layer
from mm_demo.attention.trace import Record, Trace


class AttentionGradient(Method):
    """A ⊙ ∇A summed over layers: to first order, how much the score owes to each weight.

    The element's own row where it looks at a segment itself. A segment that it reaches only through others is credited
    with all their rows, since the gradient there is already that of the element's score. Signed: a negative value
    argues against. Related to Grad-CAM on attention (Selvaraju et al. 2017; Chefer et al. 2021, baselines).
    """

    name = "attention_gradient"
    label = "Attention × gradient"
    help = "How much the word's score owes, to first order, to looking at each part; negative argues against it."
    needs_gradient = True
    controls = ("layer", "head")
    rank = 1

    def _rows(
        self, trace: Trace, query_segment: str, elements: slice, layer: int | None, head: int | None
    ) -> dict[str, Tensor]:
        return summed(trace, query_segment, elements, layer, lambda r: heads_of(r.weights * gradient_of(r), head))


def summed(
    trace: Trace, query_segment: str, elements: slice, layer: int | None, owed: Callable[[Record], Tensor]
) -> dict[str, Tensor]:
    """What the elements' score owes to each weight, summed over layers: (elements asked for, elements looked at).

    Args:
        trace: with gradients.
        query_segment: whose elements are asked for.
        elements: of it.
        layer: only this one; all where None.
        owed: a record's (queries, keys).
    """
    own: dict[str, list[Tensor]] = {}
    through: dict[str, list[Tensor]] = {}
    reachable = _reachable(trace, query_segment)
    for record in in_layer(trace.records, layer):
        if record.query == query_segment:
            own.setdefault(record.key, []).append(owed(record)[elements])
        elif record.query in reachable and record.kind == "cross":
            through.setdefault(record.key, []).append(owed(record).sum(0))
    count = len(range(*elements.indices(len(trace.segments[query_segment]))))
    relevance = {name: torch.stack(rows).sum(0).expand(count, -1) for name, rows in through.items()}
    return relevance | {name: torch.stack(rows).sum(0) for name, rows in own.items()}


def _reachable(trace: Trace, start: str) -> set[str]:
    found = {start}
    while more := {r.key for r in trace.records if r.query in found} - found:
        found |= more
    return found
