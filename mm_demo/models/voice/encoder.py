"""A sound through the voice model, its attention over time recorded and the gradient by its bands at hand."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Literal, Self

import numpy as np
import torch
from torch import Tensor

from mm_demo.attention.recorder import Recorder, Site
from mm_demo.attention.trace import AudioLayout, InputGradient, Segment
from mm_demo.models.gradients import differentiable
from mm_demo.models.speech import RATE
from mm_demo.models.speech.encoders import Encoded, Reading, Variants
from mm_demo.models.speech.forgetting import randomised_from
from mm_demo.models.speech.removal import WAYS, without_stretches
from mm_demo.models.speech.sentiments import labels_in_order
from mm_demo.models.speech.stretches import distinct
from mm_demo.models.voice.features import VoiceFeatureExtractor
from mm_demo.models.voice.model import VoiceForEmotionClassification

_VOICED = 0.5
"""Of the channel "voicing": from here on a frame holds a voice."""
_LOUD = 30.0
"""Frames more than so many dB below the loudest twentieth are pauses."""
_VARIANTS, _SECONDS_AT_ONCE = 32, 320
"""Variants of a sound that go through the network together: at most so many, and so many seconds in all."""
_ENOUGH = 0.15
"""The share of voiced frames at which familiarity is one half; speech has 0.3 or more, noise less than this."""


class VoiceEncoder:
    """An `Encoder` of sounds. The trace's "voice" is the pooled vector, which looks at the steps of "audio".

    What a band added to the score is gradient × (band − its mean over the sound): what stays the same throughout a
    recording, a microphone's colour for one, adds nothing.

    Args:
        model: in evaluation mode, with frozen parameters.
        extractor: the one saved with it.
    """

    family: ClassVar[str] = "voice"
    modality: Literal["audio", "text"] = "audio"
    removals: tuple[str, ...] = WAYS

    def __init__(self, model: VoiceForEmotionClassification, extractor: VoiceFeatureExtractor) -> None:
        self.labels = labels_in_order(model.config.id2label)
        self.layers = 1
        self.heads = model.config.members * model.config.heads
        self._extractor = extractor
        self._use(model)

    def _use(self, model: VoiceForEmotionClassification) -> None:
        self._model = model
        self._sites = [Site(model.pooling, 0, "cross", "voice", "audio")]

    def encode(self, given: np.ndarray) -> Encoded:
        """As `Encoder.encode`, for a sound of any length."""
        features = self._extractor([given])
        leaf = features["input_features"].to(self._model.device, self._model.dtype)
        recorder = Recorder(self._sites, differentiable=True)
        with recorder.hooked(), recorder.active(), differentiable():
            leaf = leaf.requires_grad_()
            output = self._model(leaf, features["attention_mask"].to(leaf.device))
        states = output.hidden_states[-1]
        times = _times(self._model.step_times(states.shape[1]), len(given) / RATE)

        def contribution(gradient: Tensor) -> InputGradient:
            return InputGradient("audio", self._extractor.channels, _by_step(leaf.detach(), gradient, len(times)))

        whole = (times[0][0], times[-1][1])
        return Encoded(
            states=states,
            pooled=output.pooled,
            labels=output.logits,
            sentiment=output.sentiment_logits,
            segments={
                "audio": Segment("audio", "audio", tuple(f"{a:.2f}–{b:.2f} s" for a, b in times), AudioLayout(times)),
                "voice": Segment("voice", "audio", ("voice",), AudioLayout((whole,))),
            },
            reading=Reading("voice", slice(0, 1)),
            taken=recorder.take(),
            leaf=leaf,
            contribution=contribution,
            familiarity=self._familiarity(features["input_features"][0]),
        )

    def at_once(self, given: np.ndarray) -> int:
        """How many variants of a sound may go through it together."""
        return max(1, min(_VARIANTS, _SECONDS_AT_ONCE * RATE // len(given)))

    def vary(self, given: np.ndarray, kept: np.ndarray, removal: str) -> Variants:
        """As `Encoder.vary`."""
        frames = 1 + max(len(given), self._extractor.fft_length) // self._extractor.hop_length
        times = _times(self._model.step_times(self._model.steps(frames)), len(given) / RATE)
        sounds = without_stretches(given, distinct(times)[0], kept, removal)
        features = self._extractor(sounds)
        with torch.no_grad():
            mask = features["attention_mask"].to(self._model.device)
            output = self._model(features["input_features"].to(self._model.device, self._model.dtype), mask)
        states = output.hidden_states[-1]
        seen = torch.ones(states.shape[:2], dtype=torch.bool, device=states.device)
        return Variants(states, output.pooled, output.sentiment_logits, seen)

    def randomised(self) -> Iterator[tuple[str, Self]]:
        """As `Encoder.randomised`."""
        return randomised_from(self, self._model, type(self)._use)

    def _familiarity(self, frames: Tensor) -> float:
        """How much this sounds like somebody speaking, from the share of voiced frames outside the pauses."""
        channels = self._extractor.channels
        energy, voicing = frames[:, channels.index("energy")], frames[:, channels.index("voicing")]
        loud = energy >= energy.quantile(0.95) - _LOUD
        share = float((voicing[loud] > _VOICED).float().mean())
        return share / (share + _ENOUGH)


def _times(steps: tuple[tuple[float, float], ...], seconds: float) -> tuple[tuple[float, float], ...]:
    """The steps' times within the sound; a sound shorter than the first step keeps that step whole."""
    return tuple((start, min(end, seconds) if start < seconds else end) for start, end in steps)


def _by_step(features: Tensor, gradient: Tensor, steps: int) -> Tensor:
    """(1, frames, channels) each → (steps, channels): the products, summed over the frames around each step."""
    products = (gradient * (features - features.mean(1, keepdim=True)))[0].float().cpu()
    per_step = -(-len(products) // steps)
    nearest = ((torch.arange(len(products)) + per_step // 2) // per_step).clamp(max=steps - 1)
    return torch.zeros(steps, products.shape[1]).index_add_(0, nearest, products)
