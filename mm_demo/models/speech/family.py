"""What the sentiment task asks of a model, be it a fusion of voice and words or one of the two alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import ClassVar, Literal, Protocol, Self

import numpy as np

from mm_demo.attention.trace import Trace
from mm_demo.evidence.probe import Part
from mm_demo.models.family import ModelInfo
from mm_demo.models.speech.encoders import Reading

SpeechModality = Literal["audio", "text"]
MODALITIES: tuple[SpeechModality, ...] = ("audio", "text")

SENTIMENTS = ("negative", "neutral", "positive")


@dataclass(frozen=True)
class StrategyInfo:
    """A way of fusing, as a list shows it."""

    name: str
    label: str
    help: str


@dataclass(frozen=True)
class Opinion:
    """What one fusion strategy says.

    Attributes:
        probabilities: sentiment → probability, summing to 1, in the order of `SENTIMENTS`.
        weights: modality → how much it counted, 0…1, summing to 1; 0 for one that was not given.
        own_weights: True where the strategy has weights of its own; False where they are exact Shapley shares.
    """

    probabilities: dict[str, float]
    weights: dict[SpeechModality, float]
    own_weights: bool


@dataclass(frozen=True)
class Judged:
    """A sentiment with everything that explains it.

    Attributes:
        opinions: strategy's name → its opinion, all strategies of the model.
        unimodal: each given modality's own probabilities, from its own classifier alone.
        emotions: [(emotion, probability)] of the voice, best first; empty without a voice or finer labels.
        shares: modality → share of the chosen strategy's answer by exact Shapley values, 0…1, summing to 1.
        trace: for the chosen strategy's first sentiment, gradients of its log-odds.
        readings: for each given modality, where in the trace it is read from.
        unknown_words: words of the text that the vocabulary does not hold.
        familiarity: 0…1 for each given modality.
        cut: the modalities of which only the beginning was read, as far as their segment's layout goes.
    """

    opinions: dict[str, Opinion]
    unimodal: dict[SpeechModality, dict[str, float]]
    emotions: list[tuple[str, float]]
    shares: dict[SpeechModality, float]
    trace: Trace
    readings: dict[SpeechModality, Reading]
    unknown_words: list[str]
    familiarity: dict[SpeechModality, float]
    cut: tuple[SpeechModality, ...] = ()


class SentimentModel(Protocol):
    """Reads a sentiment from a voice, from words, or from both.

    Attributes:
        strategies: the ways of fusing it offers, the default first; empty for a model of one modality.
        modalities: what it can be given.
        removals: for each of them the ways in which parts of it can be taken away, the default first.
    """

    family: ClassVar[str]
    info: ModelInfo
    strategies: tuple[StrategyInfo, ...]
    modalities: tuple[SpeechModality, ...]
    removals: dict[Part, tuple[str, ...]]

    def judge(
        self, sound: np.ndarray | None, text: str | None, strategy: str | None = None, sentiment: str | None = None
    ) -> Judged:
        """Judge what is given, at least one of the two.

        Args:
            sound: mono float32 samples at 16 kHz, −1…1.
            text: what was said.
            strategy: which fusion is explained in the trace and the shares; None for the default.
            sentiment: whose log-odds the trace's gradients are of; None for the strategy's first.

        Raises:
            UserError: the text is longer than the model can read, it can't take what is given, or there is no such
                strategy.
        """
        ...

    def variants(
        self, sound: np.ndarray | None, text: str | None, strategy: str | None, part: SpeechModality, removal: str
    ) -> Callable[[np.ndarray], np.ndarray]:
        """What is judged with parts of the sound or of the text missing.

        Args:
            sound, text, strategy: as for `judge`.
            part: which of the two is cut up; it must be given.
            removal: one of `removals[part]`.

        Returns:
            From (n, elements) bool, True where one is kept, to (n, 3) float64, the probabilities of `SENTIMENTS` by
            the strategy. Elements are as for `Encoder.vary`.
        """
        ...

    def randomised(self, part: SpeechModality) -> Iterator[tuple[str, Self]]:
        """Copies with ever more of one modality's encoder randomised, top to bottom, after whatever fuses the two.

        Each time what was randomised last, and a copy; it is good until the next is asked for.
        """
        ...
