"""What the tasks ask of a model family; each family's own module is the only place that knows its inner names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import ClassVar, Protocol

from PIL import Image
from torch import Tensor

from mm_demo.attention.trace import Trace
from mm_demo.models.catalog import Tier


@dataclass(frozen=True)
class ModelInfo:
    """What the page says about an opened model; `layers` and `heads` are those that the pickers choose from."""

    id: str
    title: str
    tier: Tier
    device: str
    dtype: str
    size_bytes: int
    parameters: int
    layers: int
    heads: int


@dataclass(frozen=True)
class Picture:
    """A picture that a model has looked at.

    Attributes:
        image: what the person gave, upright, RGB.
        states: (1, elements, dim), the vision encoder's output.
        familiarity: 0…1, how much it is of the kind that the checkpoint knows; 1 for models that can't tell.
        familiar: whether that is enough.
    """

    image: Image.Image
    states: Tensor
    familiarity: float
    familiar: bool


@dataclass(frozen=True)
class Written:
    """One generated token: its id, how a person reads it, and how sure the model was (see `CaptionStep`)."""

    id: int
    token: str
    continues: bool
    probability: float
    runners_up: list[tuple[str, float]]


@dataclass(frozen=True)
class Answered:
    """A ranked list of whole answers, and the trace of the first one.

    Attributes:
        candidates: [(answer, probability)], best first, summing to at most 1.
        unknown_words: words of the question that the vocabulary does not hold whole.
        trace: segments "image", "question" and "answer"; the records carry gradients of the answer's log-odds.
    """

    candidates: list[tuple[str, float]]
    unknown_words: list[str]
    trace: Trace


class Captioner(Protocol):
    """Writes a caption token by token. The trace's segments are "image" and "caption"."""

    family: ClassVar[str]
    info: ModelInfo

    def look(self, image: Image.Image) -> Picture:
        """Encode a picture, or take it from the last ones."""
        ...

    def write(self, picture: Picture) -> Iterator[tuple[Written, Trace]]:
        """Each token as soon as it is made, with the trace of all up to it."""
        ...

    def text(self, ids: Iterable[int]) -> str:
        """The caption that these tokens spell."""
        ...

    def gradient_traces(self, picture: Picture, ids: list[int], indices: Iterable[int]) -> Iterator[Trace]:
        """For each index the trace of the caption with the gradient of that token's log-odds."""
        ...


class Answerer(Protocol):
    """Answers questions about a picture."""

    family: ClassVar[str]
    info: ModelInfo

    def look(self, image: Image.Image) -> Picture:
        """Encode a picture, or take it from the last ones."""
        ...

    def answer(self, picture: Picture, question: str) -> Answered:
        """The best answers, and what the first one rests on."""
        ...
