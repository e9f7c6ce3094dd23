"""Gradient relevance, propagated through all self- and cross-attention layers."""

from __future__ import annotations

import torch
from torch import Tensor

from mm_demo.attention.methods.base import Method, gradient_of
from mm_demo.attention.trace import Record, Trace


class GradientRelevance(Method):
    """Chefer, Gur & Wolf 2021, "Generic Attention-model Explainability for Interpreting Bi-Modal and Encoder-Decoder
    Transformers".

    Per layer Ā = mean over heads of (∇A ⊙ A)⁺. R[s, m] holds how much each element of segment m matters to each
    element of segment s, and starts as the identity for m = s. Self-attention of s: R[s, m] += Ā R[s, m] for every m.
    Cross-attention of s to q: R[s, q] += R̄[s, s]ᵀ Ā R̄[q, q] and R[s, m] += Ā R[q, m] for m = s; a third segment that q
    has looked at is reached as R[s, m] += R̄[s, s]ᵀ Ā R[q, m]. All additions of a layer are computed before any is
    applied.
    """

    name = "gradient"
    label = "Gradient relevance"
    help = "What raised the word's score: attention weighted by its gradient and followed through all layers."
    needs_gradient = True
    rank = 2

    def _rows(
        self, trace: Trace, query_segment: str, elements: slice, layer: int | None, head: int | None
    ) -> dict[str, Tensor]:
        relevance = {name: {name: torch.eye(len(segment))} for name, segment in trace.segments.items()}
        for record in trace.records:
            added = _self(record, relevance) if record.kind == "self" else _cross(record, relevance)
            own = relevance[record.query]
            relevance[record.query] = own | {name: own.get(name, 0) + matrix for name, matrix in added.items()}
        return {name: matrix[elements] for name, matrix in relevance[query_segment].items()}


def positive_attention(record: Record) -> Tensor:
    """Ā = mean over heads of (∇A ⊙ A)⁺: (queries, keys)."""
    return (gradient_of(record) * record.weights).clamp(min=0).mean(0).cpu()


def normalised(matrix: Tensor) -> Tensor:
    """R̄ = (R − I) / rowsum(R − I) + I, a zero row sum taken as 1; square, (elements, elements)."""
    identity = torch.eye(len(matrix))
    added = matrix - identity
    sums = added.sum(-1, keepdim=True)
    return added / torch.where(sums == 0, 1.0, sums) + identity


def _self(record: Record, relevance: dict[str, dict[str, Tensor]]) -> dict[str, Tensor]:
    attention = positive_attention(record)
    return {name: attention @ matrix for name, matrix in relevance[record.query].items()}


def _cross(record: Record, relevance: dict[str, dict[str, Tensor]]) -> dict[str, Tensor]:
    attention = positive_attention(record)
    query, key = record.query, record.key
    carried = normalised(relevance[query][query]).T @ attention
    added: dict[str, Tensor] = {}
    for name, matrix in relevance[key].items():
        if name == key:
            added[name] = carried @ normalised(matrix)
        elif name == query:
            added[name] = attention @ matrix
        else:
            added[name] = carried @ matrix
    return added
