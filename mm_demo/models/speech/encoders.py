"""What a voice's or a text's encoder gives to whoever reads a sentiment from it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import ClassVar, Literal, Protocol, Self, TypeVar

import numpy as np
import torch
from torch import Tensor

from mm_demo.attention.recorder import Site, to_records
from mm_demo.attention.trace import InputGradient, Segment, Trace


@dataclass(frozen=True)
class Reading:
    """Which elements' rows say what a modality's answer was read from.

    Attributes:
        query: name of a segment of the trace: "voice" (one element, the pooled vector), or "audio" or "text" itself.
        elements: the first for a class token, all for a mean.
    """

    query: str
    elements: slice


@dataclass(frozen=True)
class Encoded:
    """One sound or one text as an encoder left it; the tensors are still in the autograd graph.

    Attributes:
        states: (1, length, dim), the last hidden states, special tokens included.
        pooled: (1, pooled dim), the vector that the classifier reads.
        labels: (1, labels), the classifier's logits over `Encoder.labels`.
        sentiment: (1, 3), logits of negative, neutral, positive.
        segments: "audio" (one element a step) or "text" (one a token), and "voice" where pooling is attention.
        reading: where in the trace the answer was read from.
        taken: the attention weights, as `Recorder.take` gave them.
        leaf: the input that the gradient is taken by; None where there is none.
        contribution: turns the gradient of a score by `leaf`, of the same shape, into what the trace holds.
        unknown_words: words of the text that the vocabulary does not hold.
        familiarity: 0…1, how much the input is of the kind that the checkpoint knows; 1 where it can't tell.
        cut: True where only the beginning of the input was read, as far as the segment's layout goes.
    """

    states: Tensor
    pooled: Tensor
    labels: Tensor
    sentiment: Tensor
    segments: dict[str, Segment]
    reading: Reading
    taken: list[tuple[Site, Tensor]]
    leaf: Tensor | None = None
    contribution: Callable[[Tensor], InputGradient] | None = None
    unknown_words: list[str] = field(default_factory=list)
    familiarity: float = 1.0
    cut: bool = False

    def enter(self, trace: Trace, score: Tensor) -> None:
        """Add the segments, the records and the input's products to a trace, with the gradients of a scalar score."""
        trace.segments |= self.segments
        trace.records += to_records(self.taken, score)
        if self.leaf is not None and self.contribution is not None:
            with torch.inference_mode(False):
                (gradient,) = torch.autograd.grad(score, [self.leaf], retain_graph=True, materialize_grads=True)
            trace.inputs.append(self.contribution(gradient))


@dataclass(frozen=True)
class Variants:
    """One sound or one text with parts of it missing, n times, as an encoder left it; without a graph.

    Attributes:
        states: (n, length, dim).
        pooled: (n, pooled dim).
        sentiment: (n, 3), logits of negative, neutral, positive.
        mask: (n, length) bool, False for states that stand for nothing.
    """

    states: Tensor
    pooled: Tensor
    sentiment: Tensor
    mask: Tensor


Given = TypeVar("Given", np.ndarray, str, contravariant=True)


class Encoder(Protocol[Given]):
    """A classifier of sounds (mono float32 at `mm_demo.models.speech.RATE`, −1…1) or of texts, opened and read.

    Attributes:
        modality: "audio" or "text".
        labels: the classifier's own labels, e.g. seven emotions.
        layers, heads: of its attention, what the pickers choose from.
        removals: the ways in which elements can be taken away, the default first.
    """

    family: ClassVar[str]
    modality: Literal["audio", "text"]
    labels: tuple[str, ...]
    layers: int
    heads: int
    removals: tuple[str, ...]

    def encode(self, given: Given) -> Encoded:
        """Encode one input with its attention recorded and differentiable.

        Raises:
            UserError: it is longer than the model can take.
        """
        ...

    def at_once(self, given: Given) -> int:
        """How many variants of an input may go through it together, at least 1."""
        ...

    def vary(self, given: Given, kept: np.ndarray, removal: str) -> Variants:
        """Encode an input with parts of it missing.

        Args:
            given: whole.
            kept: (n, elements) bool, True where one is kept: the stretches of sound that the segment's elements stand
                for, each once and in order (`distinct`), or the tokens that stand for characters.
            removal: one of `removals`.
        """
        ...

    def randomised(self) -> Iterator[tuple[str, Self]]:
        """Copies with ever more layers randomised, top to bottom: what was randomised last, and a copy.

        Each copy is good until the next is asked for.
        """
        ...
