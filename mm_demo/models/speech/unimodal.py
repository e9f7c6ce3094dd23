"""A sentiment from one modality alone: only the voice, or only the words."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import torch

from mm_demo.attention.recorder import to_records
from mm_demo.attention.trace import Trace
from mm_demo.errors import UserError
from mm_demo.models.family import ModelInfo
from mm_demo.models.gradients import differentiable, log_odds
from mm_demo.models.speech.encoders import Encoded, Encoder
from mm_demo.models.speech.family import MODALITIES, SENTIMENTS, Judged, Opinion, SpeechModality, StrategyInfo

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
        self._encoder = encoder

    def judge(self, sound: np.ndarray | None, text: str | None, strategy: str | None = None) -> Judged:
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
        encoded = self._encoder.encode(given)  # type: ignore[arg-type]
        logits = encoded.sentiment[0]
        chances = dict(zip(SENTIMENTS, logits.detach().softmax(-1).tolist(), strict=True))
        weights: dict[SpeechModality, float] = {modality: float(modality == own) for modality in MODALITIES}
        return Judged(
            opinions={own: Opinion(chances, weights, own_weights=True)},
            unimodal={own: chances},
            emotions=self._emotions(encoded),
            shares=dict(weights),
            trace=_trace(encoded, int(logits.argmax())),
            readings={own: encoded.reading},
            unknown_words=encoded.unknown_words,
            familiarity={own: encoded.familiarity},
            cut=(own,) if encoded.cut else (),
        )

    def _emotions(self, encoded: Encoded) -> list[tuple[str, float]]:
        labels = self._encoder.labels
        if self._encoder.modality != "audio" or set(labels) <= set(SENTIMENTS):
            return []
        chances = encoded.labels[0].detach().float().softmax(-1).tolist()
        return sorted(zip(labels, chances, strict=True), key=lambda emotion: -emotion[1])


def _trace(encoded: Encoded, sentiment: int) -> Trace:
    with differentiable():
        score = log_odds(encoded.sentiment[0], sentiment)
        trace = Trace(encoded.segments, to_records(encoded.taken, score))
        if encoded.leaf is not None and encoded.contribution is not None:
            (gradient,) = torch.autograd.grad(score, [encoded.leaf])
            trace.inputs.append(encoded.contribution(gradient))
    return trace
