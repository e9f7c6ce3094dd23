"""`Trace`: the one type between a model and everything that explains it.

Model families differ in how they fill a trace and nowhere else. Explanation methods are pure functions of a trace;
views are pure functions of what the methods return.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from torch import Tensor

Modality = Literal["image", "text", "audio"]


@dataclass(frozen=True)
class ImageLayout:
    """Where a picture's elements lie on a grid of cells.

    Attributes:
        rows: of cells.
        cols: likewise.
        boxes: for each element after the leading ones the cells that it covers, (top, left, bottom, right), the last
            two exclusive: a model that sees a picture in tiles and once more as a whole has several elements for a
            cell. None where elements are cells, in reading order: element `leading + row * cols + col` is (row, col).
    """

    rows: int
    cols: int
    boxes: tuple[tuple[int, int, int, int], ...] | None = None


@dataclass(frozen=True)
class TextLayout:
    """Tokens of `text`; `offsets[i]` is the (start, end) character range of element i, None where it has none."""

    text: str
    offsets: tuple[tuple[int, int] | None, ...]


@dataclass(frozen=True)
class AudioLayout:
    """Stretches of sound: element `leading + i` covers `times[i]` = (start, end), in seconds."""

    times: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Segment:
    """A named run of sequence elements of one modality.

    Attributes:
        name: unique in its trace, e.g. "image", "question", "caption", "answer".
        modality: what kind of input the elements stand for.
        labels: one short label per element (for text the token as a person would read it).
        layout: where the elements lie in what the person gave.
        leading: number of elements before the layout's first one (a class token). Only image and audio have any.
    """

    name: str
    modality: Modality
    labels: tuple[str, ...]
    layout: ImageLayout | TextLayout | AudioLayout
    leading: int = 0

    def __len__(self) -> int:
        return len(self.labels)


@dataclass(frozen=True)
class JointSequence:
    """One sequence in which the elements of several segments look at one another (ViLT).

    Its records are of kind "self" and name the sequence as query and key, in place of a segment.

    Attributes:
        name: unlike any segment's.
        places: segment → where each of its elements stands in the sequence.
        length: of the sequence; it may hold elements of no segment.
    """

    name: str
    places: dict[str, tuple[int, ...]]
    length: int


@dataclass(frozen=True)
class Record:
    """What one attention layer did for one example.

    Attributes:
        layer: index of the layer within its stack, 0 first.
        kind: "self" (query and key segment are the same stack's) or "cross".
        query: name of the segment (or joint sequence) whose elements ask.
        key: name of the segment (or joint sequence) whose elements are looked at.
        weights: (heads, queries, keys); rows sum to 1 over the keys of this layer, some of which may be in no segment.
        gradient: (heads, queries, keys), d(score of what is explained)/d(weights); None unless a method asked for it.
    """

    layer: int
    kind: Literal["self", "cross"]
    query: str
    key: str
    weights: Tensor
    gradient: Tensor | None = None


@dataclass(frozen=True)
class InputGradient:
    """What each element of a segment, as it entered the model, added to the score: gradient × (input − baseline).

    Attributes:
        segment: name of the segment.
        channels: one label per channel, e.g. "250 Hz" for a Mel band.
        products: (elements, channels), signed, summed over whatever finer steps an element is made of.
    """

    segment: str
    channels: tuple[str, ...]
    products: Tensor


@dataclass
class Trace:
    """Everything one answer's explanation needs: segments by name, and records in the order the layers ran.

    Attributes:
        inputs: at most one per segment, where the family differentiates by its inputs too.
        joint: the sequence that all segments are part of, where there is one; all records are its own then.
    """

    segments: dict[str, Segment] = field(default_factory=dict)
    records: list[Record] = field(default_factory=list)
    inputs: list[InputGradient] = field(default_factory=list)
    joint: JointSequence | None = None

    def select(self, kind: str, query: str, key: str) -> list[Record]:
        """The records of one kind between two segments, first layer first."""
        found = [r for r in self.records if (r.kind, r.query, r.key) == (kind, query, key)]
        return sorted(found, key=lambda r: r.layer)
