"""What every explanation method is: a pure function of a trace, with the words the page shows for it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

from torch import Tensor

from mm_demo.attention.trace import Record, Segment, TextLayout, Trace


class Method(ABC):
    """How relevance is read from a trace.

    Attributes:
        name: what the method is called in the interfaces.
        label: what a person reads in a list.
        help: one sentence on what it shows.
        needs_gradient: True where the trace's records must carry gradients.
        needs_inputs: True where the trace must carry gradients by the inputs.
        controls: which of "layer" and "head" can be chosen.
        rank: place in lists, small first.
    """

    name: ClassVar[str]
    label: ClassVar[str]
    help: ClassVar[str]
    needs_gradient: ClassVar[bool] = False
    needs_inputs: ClassVar[bool] = False
    controls: ClassVar[tuple[str, ...]] = ()
    rank: ClassVar[int]

    def __call__(
        self, trace: Trace, query_segment: str, element_index: int, layer: int | None = None, head: int | None = None
    ) -> dict[str, Tensor]:
        """Relevance of every element of every segment for one element of `query_segment`.

        Args:
            trace: what was attended; with gradients where `needs_gradient`.
            query_segment: name of the segment whose element is explained.
            element_index: which element of it.
            layer: only this layer (of each stack), all layers where None.
            head: only this head, the mean of all where None.

        Returns:
            For every segment that the element could look at, (elements of the segment,).
        """
        rows = self.rows(trace, query_segment, slice(element_index, element_index + 1), layer, head)
        return {name: row[0] for name, row in rows.items()}

    def rows(
        self, trace: Trace, query_segment: str, elements: slice, layer: int | None = None, head: int | None = None
    ) -> dict[str, Tensor]:
        """As a call, for several elements of `query_segment` in one go: (elements asked for, elements looked at)."""
        joint = trace.joint
        if joint is None:
            return self._rows(trace, query_segment, elements, layer, head)
        # For the method the whole sequence is one segment; who asked for which part of it comes after.
        whole = Segment(joint.name, "text", ("",) * joint.length, TextLayout("", (None,) * joint.length))
        relevance = self._rows(Trace({joint.name: whole}, trace.records), joint.name, slice(None), layer, head)
        asked = relevance[joint.name][list(joint.places[query_segment][elements])]
        return {name: asked[:, list(places)] for name, places in joint.places.items()}

    @abstractmethod
    def _rows(
        self, trace: Trace, query_segment: str, elements: slice, layer: int | None, head: int | None
    ) -> dict[str, Tensor]:
        """As `rows`, of a trace whose records are between segments."""


def heads_of(weights: Tensor, head: int | None) -> Tensor:
    """(…, heads, queries, keys) → (…, queries, keys): one head, or the mean of all."""
    return weights.mean(-3) if head is None else weights.select(-3, head)


def in_layer(records: list[Record], layer: int | None) -> list[Record]:
    """The records of one layer, or all; also all of a stack without such a layer (a head that pools has only one)."""
    if layer is None:
        return records
    has = {(r.query, r.key) for r in records if r.layer == layer}
    return [r for r in records if r.layer == layer or (r.query, r.key) not in has]


def gradient_of(record: Record) -> Tensor:
    """The gradient of a record, (heads, queries, keys).

    Raises:
        ValueError: the trace was recorded without gradients.
    """
    if record.gradient is None:
        raise ValueError("this method needs a trace with gradients")
    return record.gradient
