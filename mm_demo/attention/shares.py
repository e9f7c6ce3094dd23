"""How attention, or relevance, divides between the modalities."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from itertools import product

from mm_demo.attention.methods.base import gradient_of
from mm_demo.attention.trace import Modality, Record, Trace


def modality_shares(
    trace: Trace, query_segments: Collection[str], *, relevance: bool, written: str | None = None
) -> dict[Modality, float]:
    """Share of each modality in what the elements of some segments looked at, over all layers and heads; sums to 1.

    Args:
        trace: what was attended.
        query_segments: those in which the modalities meet, e.g. a BLIP question, whose words look at the image and at
            one another.
        relevance: count |weight × gradient| instead of the weight. A stack with one self- and one cross-attention a
            layer gives both the same attention mass whatever it sees, so there only relevance tells them apart.

        written: the segment that is the model's own; what is looked at there counts for no modality.

    Returns:
        modality → share, 0…1; equal shares where nothing has any mass.
    """
    mass: dict[Modality, float] = {}
    for record in trace.records:
        blocks = [b for b in _blocks(trace, record) if b[0] in query_segments and b[1] != written]
        if not blocks:
            continue
        weights = (record.weights * gradient_of(record) if relevance else record.weights).abs()
        for _, key, rows, columns in blocks:
            modality = trace.segments[key].modality
            mass[modality] = mass.get(modality, 0.0) + float(weights[:, rows][:, :, columns].sum())
    total = sum(mass.values())
    if total == 0:
        return {modality: 1 / len(mass) for modality in mass}
    return {modality: value / total for modality, value in mass.items()}


def _blocks(trace: Trace, record: Record) -> Iterator[tuple[str, str, slice | list[int], slice | list[int]]]:
    """(query segment, key segment, its rows, its columns) of the parts of a record that are between segments."""
    if trace.joint is None:
        yield record.query, record.key, slice(None), slice(None)
    else:
        for (query, rows), (key, columns) in product(trace.joint.places.items(), repeat=2):
            yield query, key, list(rows), list(columns)
