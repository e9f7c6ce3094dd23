"""A sentiment from one modality alone: only the voice, or only the words."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import copy
from typing import Any, ClassVar, Self

import numpy as np
from torch import Tensor

from mm_demo.attention.trace import Trace
from mm_demo.errors import UserError
from mm_demo.evidence.probe import Part
from mm_demo.models.family import ModelInfo
from mm_demo.models.gradients import differentiable, log_odds
from mm_demo.models.speech.encoders import Encoder, Variants
from mm_demo.models.speech.family import MODALITIES, SENTIMENTS, Judged, Opinion, SpeechModality, StrategyInfo
from mm_demo.models.speech.sentiments import ranked_emotions
from mm_demo.models.speech.variants import in_batches

_MISSING: dict[SpeechModality, str] = {
    "audio": "This model hears only the voice: record or upload speech.",
    "text": "This model reads only the words: type what was said.",
}


class UnimodalSentiment:
    """One encoder's own classifier as a sentiment model; what it is given of the other modality does not count.

    Args:
        encoder: of the voice or of the words.
        info: what to say about the model.
    """

    family: ClassVar[str] = "unimodal"

    def __init__(self, encoder: Encoder[np.ndarray] | Encoder[str], info: ModelInfo) -> None:
        self.info = info
        self.strategies: tuple[StrategyInfo, ...] = ()
        self.modalities: tuple[SpeechModality, ...] = (encoder.modality,)
        self.removals: dict[Part, tuple[str, ...]] = {encoder.modality: encoder.removals}
        self._encoder: Encoder[Any] = encoder

    def judge(
        self, sound: np.ndarray | None, text: str | None, strategy: str | None = None, sentiment: str | None = None
    ) -> Judged:
        """As `SentimentModel.judge`. The one opinion goes by the modality's name and has all the weight.

        Raises:
            UserError: its modality is not given, or a strategy is asked for.
        """
        own = self._encoder.modality
        if strategy is not None:
            raise UserError(f"This model has nothing to fuse: leave the strategy '{strategy}' out.")
        given = sound if own == "audio" else text
        if given is None:
            raise UserError(_MISSING[own])
        encoded = self._encoder.encode(given)
        logits = encoded.sentiment[0]
        chances = dict(zip(SENTIMENTS, logits.detach().softmax(-1).tolist(), strict=True))
        weights: dict[SpeechModality, float] = {modality: float(modality == own) for modality in MODALITIES}
        trace = Trace()
        best = int(logits.argmax()) if sentiment is None else SENTIMENTS.index(sentiment)
        with differentiable():
            encoded.enter(trace, log_odds(encoded.sentiment[0], best))
        return Judged(
            opinions={own: Opinion(chances, weights, own_weights=True)},
            unimodal={own: chances},
            emotions=ranked_emotions(self._encoder.labels, encoded.labels[0]) if own == "audio" else [],
            shares=dict(weights),
            trace=trace,
            readings={own: encoded.reading},
            unknown_words=encoded.unknown_words,
            familiarity={own: encoded.familiarity},
            cut=(own,) if encoded.cut else (),
        )

    def variants(
        self, sound: np.ndarray | None, text: str | None, strategy: str | None, part: SpeechModality, removal: str
    ) -> Callable[[np.ndarray], np.ndarray]:
        """As `SentimentModel.variants`."""

        def probabilities(varied: Variants) -> Tensor:
            return varied.sentiment.softmax(-1)

        return in_batches(self._encoder, sound if part == "audio" else text, removal, probabilities)

    def randomised(self, part: SpeechModality) -> Iterator[tuple[str, Self]]:
        """As `SentimentModel.randomised`."""
        changed = copy(self)
        for name, changed._encoder in self._encoder.randomised():
            yield name, changed
