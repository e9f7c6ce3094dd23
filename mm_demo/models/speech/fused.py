"""A voice and its words, fused: every strategy's opinion, and the chosen one traced through both encoders."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from copy import copy
from typing import ClassVar, Self

import numpy as np
import torch
from torch import Tensor

from mm_demo.attention.trace import AudioLayout, Record, Segment, TextLayout, Trace
from mm_demo.errors import UserError
from mm_demo.evidence.coalitions import coalitions, shapley_values, shares
from mm_demo.evidence.probe import Part
from mm_demo.fusion import STRATEGIES, Fused, Modality
from mm_demo.models.family import ModelInfo
from mm_demo.models.gradients import differentiable, log_odds
from mm_demo.models.randomised import independent, randomise
from mm_demo.models.speech.encoders import Encoded, Encoder, Variants
from mm_demo.models.speech.family import (
    MODALITIES,
    SENTIMENTS,
    Judged,
    Opinion,
    SpeechModality,
    StrategyInfo,
)
from mm_demo.models.speech.fusion_model import SpeechFusionModel
from mm_demo.models.speech.sentiments import ranked_emotions
from mm_demo.models.speech.variants import in_batches

_SEED = 0


class FusedSentiment:
    """Judges with a `SpeechFusionModel`; a `SentimentModel`.

    A modality is *absent*, in the shares and where only the other one was given, as the fusion itself was trained to
    know it: its mask holds nothing, and whatever stands for it is ignored.

    The trace adds to the encoders' own segments "voice" and "words" (the pooled vectors, one element each) and
    "sentiment", which looks at both where the strategy weighs them.

    Args:
        model: in evaluation mode, with frozen parameters.
        audio: opened over `model.audio`.
        text: opened over `model.text`.
        info: what to say about it.
    """

    family: ClassVar[str] = "speech fusion"

    def __init__(
        self, model: SpeechFusionModel, audio: Encoder[np.ndarray], text: Encoder[str], info: ModelInfo
    ) -> None:
        self.info = info
        self.modalities = MODALITIES
        self.strategies = tuple(
            StrategyInfo(name, STRATEGIES[name].label, STRATEGIES[name].help) for name in model.config.strategies
        )
        self._model = model
        self._audio = audio
        self._text = text
        self.removals: dict[Part, tuple[str, ...]] = {"audio": audio.removals, "text": text.removals}

    def judge(
        self, sound: np.ndarray | None, text: str | None, strategy: str | None = None, sentiment: str | None = None
    ) -> Judged:
        """As `SentimentModel.judge`."""
        chosen = self._choose(strategy)
        with differentiable():
            encoded: dict[SpeechModality, Encoded] = {}
            if sound is not None:
                encoded["audio"] = self._audio.encode(sound)
            if text is not None:
                encoded["text"] = self._text.encode(text)
            if not encoded:
                raise UserError("There is nothing to judge: give a recording, a text, or both.")
            given: dict[str, Modality] = {name: self._modality(name, encoded.get(name)) for name in MODALITIES}
            fused = self._model(chosen, given)
            probabilities = fused.logits[0].softmax(-1)
            best = int(probabilities.argmax()) if sentiment is None else SENTIMENTS.index(sentiment)
            trace = _trace(encoded, fused, log_odds(fused.logits[0], best), SENTIMENTS[best])
        opinions, worth = self._opinions(given, list(encoded))
        voice = encoded.get("audio")
        return Judged(
            opinions=opinions,
            unimodal={name: _named(found.sentiment[0].softmax(-1)) for name, found in encoded.items()},
            emotions=[] if voice is None else ranked_emotions(self._audio.labels, voice.labels[0]),
            shares=worth[chosen],
            trace=trace,
            readings={name: found.reading for name, found in encoded.items()},
            unknown_words=encoded["text"].unknown_words if "text" in encoded else [],
            familiarity={name: found.familiarity for name, found in encoded.items()},
            cut=tuple(name for name, found in encoded.items() if found.cut),
        )

    def variants(
        self, sound: np.ndarray | None, text: str | None, strategy: str | None, part: SpeechModality, removal: str
    ) -> Callable[[np.ndarray], np.ndarray]:
        """As `SentimentModel.variants`; the other modality goes through its encoder once."""
        chosen = self._choose(strategy)
        with torch.no_grad():
            if part == "audio":
                other: SpeechModality = "text"
                encoded = None if text is None else self._text.encode(text)
            else:
                other = "audio"
                encoded = None if sound is None else self._audio.encode(sound)
            beside = self._modality(other, encoded)

        def probabilities(varied: Variants) -> Tensor:
            rows = [True] * len(varied.pooled)
            cut = self._model.modality(part, varied.pooled, varied.states, varied.mask, varied.sentiment)
            given: dict[str, Modality] = {part: cut, other: _in_subsets(beside, rows)}
            fused: Fused = self._model(chosen, {name: given[name] for name in MODALITIES})
            return fused.logits.float().softmax(-1)

        if part == "audio":
            return in_batches(self._audio, sound, removal, probabilities)
        return in_batches(self._text, text, removal, probabilities)

    def randomised(self, part: SpeechModality) -> Iterator[tuple[str, Self]]:
        """As `SentimentModel.randomised`."""
        changed = copy(self)
        changed._model = independent(self._model)
        heads = [changed._model.vector_norms, changed._model.state_norms, changed._model.strategies]
        randomise(heads, torch.Generator().manual_seed(_SEED))
        yield "fusion", changed
        if part == "audio":
            for name, changed._audio in self._audio.randomised():
                yield name, changed
        else:
            for name, changed._text in self._text.randomised():
                yield name, changed

    def _choose(self, strategy: str | None) -> str:
        names = [s.name for s in self.strategies]
        if strategy is not None and strategy not in names:
            raise UserError(f"There is no fusion strategy '{strategy}'; choose one of: {', '.join(names)}.")
        return strategy or names[0]

    def _modality(self, name: SpeechModality, encoded: Encoded | None) -> Modality:
        if encoded is None:
            config = self._model.config
            vector, states = config.audio_shape if name == "audio" else config.text_shape
            device = self._model.device
            nothing = torch.zeros(1, 1, dtype=torch.bool, device=device)
            return self._model.modality(
                name,
                torch.zeros(1, vector, device=device, dtype=self._model.dtype),
                torch.zeros(1, 1, states, device=device, dtype=self._model.dtype),
                nothing,
                torch.zeros(1, len(SENTIMENTS), device=device),
            )
        seen = torch.ones(encoded.states.shape[:2], dtype=torch.bool, device=encoded.states.device)
        return self._model.modality(name, encoded.pooled, encoded.states, seen, encoded.sentiment)

    @torch.no_grad()
    def _opinions(
        self, given: Mapping[str, Modality], present: list[SpeechModality]
    ) -> tuple[dict[str, Opinion], dict[str, dict[SpeechModality, float]]]:
        """Each strategy's opinion and Shapley shares; all coalitions of what was given go through in one batch."""
        subsets = list(coalitions(present))
        batch = {name: _in_subsets(modality, [name in s for s in subsets]) for name, modality in given.items()}
        opinions: dict[str, Opinion] = {}
        worth: dict[str, dict[SpeechModality, float]] = {}
        for info in self.strategies:
            fused: Fused = self._model(info.name, batch)
            probabilities = fused.logits.float().softmax(-1)
            everything = probabilities[-1]
            best = int(everything.argmax())
            value = {subset: float(row[best]) for subset, row in zip(subsets, probabilities, strict=True)}
            found = shares(shapley_values(present, value))
            worth[info.name] = {name: found.get(name, 0.0) for name in MODALITIES}
            weights = worth[info.name]
            if fused.weights is not None:
                weights = dict(zip(MODALITIES, fused.weights[-1].tolist(), strict=True))
            opinions[info.name] = Opinion(_named(everything), weights, own_weights=fused.weights is not None)
        return opinions, worth


def _in_subsets(modality: Modality, there: list[bool]) -> Modality:
    """One example, once for each subset, absent where the subset leaves it out."""
    rows = len(there)
    seen = torch.tensor(there, device=modality.mask.device)[:, None]
    return Modality(
        modality.vector.expand(rows, -1), modality.states.expand(rows, -1, -1), modality.mask.expand(rows, -1) & seen
    )


def _trace(encoded: Mapping[SpeechModality, Encoded], fused: Fused, score: Tensor, answer: str) -> Trace:
    trace = Trace()
    pooled: dict[SpeechModality, str] = {"audio": "voice", "text": "words"}
    for name, found in encoded.items():
        found.enter(trace, score)
        trace.segments.setdefault(pooled[name], _pooled_segment(name, pooled[name], found))
    trace.segments["sentiment"] = Segment("sentiment", "text", (answer,), TextLayout(answer, (None,)))
    if fused.weights is not None:
        slopes = _slopes(score, fused.weights)
        for i, name in enumerate(MODALITIES):
            if name in encoded:
                weight, slope = fused.weights[0, i].detach().float(), slopes[0, i].float()
                trace.records.append(
                    Record(0, "cross", "sentiment", pooled[name], weight.reshape(1, 1, 1), slope.reshape(1, 1, 1))
                )
    return trace


def _slopes(score: Tensor, weights: Tensor) -> Tensor:
    if not weights.requires_grad:  # votes that are the same for every input
        return torch.zeros_like(weights)
    return torch.autograd.grad(score, weights, retain_graph=True, materialize_grads=True)[0]


def _pooled_segment(modality: SpeechModality, name: str, encoded: Encoded) -> Segment:
    layout = encoded.segments[modality].layout
    if isinstance(layout, AudioLayout):
        return Segment(name, "audio", (name,), AudioLayout(((layout.times[0][0], layout.times[-1][1]),)))
    return Segment(name, "text", (name,), TextLayout(getattr(layout, "text", ""), (None,)))


def _named(probabilities: Tensor) -> dict[str, float]:
    return dict(zip(SENTIMENTS, probabilities.detach().float().tolist(), strict=True))
