"""Attention as the model computed it."""

from __future__ import annotations

import torch
from torch import Tensor

from mm_demo.attention.methods.base import Method, in_layer
from mm_demo.attention.trace import Record, Trace


class RawAttention(Method):
    """The element's own row of attention weights, averaged over layers and heads unless one is chosen.

    Where the element does not look at a segment itself but through another one (a BLIP answer looks at the question,
    whose words look at the image), its row is multiplied by the rows of what it looks at.
    """

    name = "raw"
    label = "Attention"
    help = "Where the word itself looked while it was made, averaged over layers and heads unless you choose one."
    controls = ("layer", "head")
    rank = 0

    def _rows(
        self, trace: Trace, query_segment: str, elements: slice, layer: int | None, head: int | None
    ) -> dict[str, Tensor]:
        reached = {
            key: _attention(records, elements, layer, head) for key, records in _looked_at(trace, query_segment).items()
        }
        through = [key for key in reached if key != query_segment]
        while through:
            middle = through.pop(0)
            for key, records in _looked_at(trace, middle).items():
                if key not in reached:
                    reached[key] = reached[middle] @ _attention(records, slice(None), layer, head)
                    through.append(key)
        return reached


def _looked_at(trace: Trace, query: str) -> dict[str, list[Record]]:
    found: dict[str, list[Record]] = {}
    for record in trace.records:
        if record.query == query:
            found.setdefault(record.key, []).append(record)
    return found


def _attention(records: list[Record], elements: slice, layer: int | None, head: int | None) -> Tensor:
    heads = slice(None) if head is None else slice(head, head + 1)
    return torch.stack([record.weights[heads, elements] for record in in_layer(records, layer)]).mean((0, 1))
