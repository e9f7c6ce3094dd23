"""How attention, or relevance, divides between the modalities."""

from __future__ import annotations

from mm_demo.attention.methods.base import gradient_of
from mm_demo.attention.trace import Modality, Trace


def modality_shares(trace: Trace, query_segment: str, *, relevance: bool) -> dict[Modality, float]:
    """Share of each modality in what the elements of one segment looked at, over all layers and heads; sums to 1.

    Args:
        trace: what was attended.
        query_segment: the segment in which the modalities meet, e.g. a BLIP question, whose words look at the image
            and at one another.
        relevance: count |weight × gradient| instead of the weight. A stack with one self- and one cross-attention a
            layer gives both the same attention mass whatever it sees, so there only relevance tells them apart.

    Returns:
        modality → share, 0…1; equal shares where nothing has any mass.
    """
    mass: dict[Modality, float] = {}
    for record in trace.records:
        if record.query == query_segment:
            weights = record.weights * gradient_of(record) if relevance else record.weights
            modality = trace.segments[record.key].modality
            mass[modality] = mass.get(modality, 0.0) + float(weights.abs().sum())
    total = sum(mass.values())
    if total == 0:
        return {modality: 1 / len(mass) for modality in mass}
    return {modality: value / total for modality, value in mass.items()}
