"""What a chat model's decoder attended, sorted into segments: one sequence in, records between segments out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from torch import Tensor

from mm_demo.attention.recorder import Site
from mm_demo.attention.trace import Record

_FIRST_ROWS = 8


@dataclass(frozen=True)
class Place:
    """Where a segment's elements stand.

    Attributes:
        columns: in the sequence.
        rows: among the recorded rows; None for elements whose own rows nobody wants.
    """

    columns: Tensor
    rows: slice | None = None


def split(records: Sequence[Record], places: Mapping[str, Place]) -> list[Record]:
    """Records of the whole sequence as records between segments; columns in no segment are left out.

    Args:
        records: (heads, recorded rows, length) each, one per layer.
        places: segment → place, in the order of the sequence: a segment looks only at itself and those before it. In a
            layer the last one comes first, since what it looks at has not yet looked at anything.
    """
    found = []
    names = list(places)
    for record in records:
        for at, query in reversed(list(enumerate(names))):
            rows = places[query].rows
            if rows is None:
                continue
            for key in reversed(names[: at + 1]):
                columns = places[key].columns
                found.append(
                    replace(
                        record,
                        kind="self" if key == query else "cross",
                        query=query,
                        key=key,
                        weights=record.weights[:, rows, columns],
                        gradient=None if record.gradient is None else record.gradient[:, rows, columns],
                    )
                )
    return found


class GrowingRows:
    """The attention of a text that is written one position at a time, put together without copying what was there.

    Args:
        name: of the text's segment; its first row's own column is the last one of the first step.
        image: (image tokens,) their columns.
    """

    def __init__(self, name: str, image: Tensor) -> None:
        self._name, self._image = name, image
        self._weights: dict[Site, tuple[Tensor, Tensor]] = {}
        self._length = 0

    def add(self, taken: Sequence[tuple[Site, Tensor]]) -> None:
        """Take the rows of the next position: weights (1, heads, 1, keys so far)."""
        own = self._length + 1
        for site, weights in taken:
            row = weights[0, :, 0].float()
            looked, read = self._room(site, row)
            looked[:, self._length] = row[:, self._image]
            read[:, self._length, :own] = row[:, -own:]
        self._length = own

    def records(self) -> list[Record]:
        """The records of all positions so far; later rows never change what these show."""
        n = self._length
        found = []
        for site, (looked, read) in self._weights.items():
            found.append(Record(site.layer, "self", self._name, self._name, read[:, :n, :n]))
            found.append(Record(site.layer, "cross", self._name, "image", looked[:, :n]))
        return found

    def _room(self, site: Site, row: Tensor) -> tuple[Tensor, Tensor]:
        """Tensors with room for one more row, which double when they are full: most texts are short."""
        kept = self._weights.get(site)
        if kept is None or kept[0].shape[1] == self._length:
            room = 2 * self._length or _FIRST_ROWS
            looked = row.new_zeros((len(row), room, len(self._image)))
            read = row.new_zeros((len(row), room, room))
            if kept is not None:
                looked[:, : self._length] = kept[0]
                read[:, : self._length, : self._length] = kept[1]
            kept = self._weights[site] = (looked, read)
        return kept
