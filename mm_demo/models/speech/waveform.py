"""Classifiers of the raw waveform: Wav2Vec2, HuBERT and WavLM, whose attention runs over frames of the sound."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from typing import ClassVar, Literal, Self

import numpy as np
import torch
from torch import Tensor, nn
from transformers import (
    HubertForSequenceClassification,
    PreTrainedModel,
    Wav2Vec2FeatureExtractor,
    Wav2Vec2ForSequenceClassification,
    WavLMForSequenceClassification,
)
from transformers.models.hubert.modeling_hubert import HubertAttention
from transformers.models.wav2vec2.modeling_wav2vec2 import Wav2Vec2Attention
from transformers.models.wavlm.modeling_wavlm import WavLMAttention

import mm_demo.attention.registry  # noqa: F401  (makes REGISTRY_NAME known to transformers)
from mm_demo.attention.recorder import REGISTRY_NAME, Recorder, Site
from mm_demo.attention.trace import AudioLayout, InputGradient, Segment
from mm_demo.errors import UserError
from mm_demo.models.gradients import differentiable
from mm_demo.models.speech import RATE
from mm_demo.models.speech.encoders import Encoded, Reading, Variants
from mm_demo.models.speech.forgetting import randomised_from
from mm_demo.models.speech.removal import WAYS, without_stretches
from mm_demo.models.speech.sentiments import group_labels, labels_in_order, sentiment_logits
from mm_demo.models.speech.stretches import distinct, stretches
from mm_demo.models.speech.wavlm import show_heads

WAVEFORM_MODELS: tuple[type[PreTrainedModel], ...] = (
    Wav2Vec2ForSequenceClassification,
    HubertForSequenceClassification,
    WavLMForSequenceClassification,
)

_ATTENTION = (Wav2Vec2Attention, HubertAttention, WavLMAttention)
_BUDGET = 1 << 30
_BYTES_PER_WEIGHT = 12
_VARIANTS, _SECONDS_AT_ONCE = 32, 64
"""Variants of a sound that go through the network together: at most so many, and so many seconds in all."""


@dataclass
class _Run:
    """What one forward leaves behind: the frames it started from, the states and the vector that the head read."""

    leaf: Tensor | None = None
    states: Tensor | None = None
    pooled: Tensor | None = None


_run: ContextVar[_Run | None] = ContextVar("mm_demo_waveform_run", default=None)


class WaveformEncoder:
    """An audio classifier on the waveform (Baevski et al. 2020; Hsu et al. 2021; Chen et al. 2022).

    One element is one frame of the convolutions. Gradients are taken by the frames as they enter the transformer, and
    their contribution is counted from what silence would give: measured from zero, the layer normalisation that
    follows would make it vanish.

    Attention weights, their gradient and what the graph keeps of them grow with the square of the length; a sound is
    cut where they would take more than 1 GiB (base models: after 15.8 seconds, large ones: after 9.6).

    Args:
        model: one of `WAVEFORM_MODELS`, in evaluation mode with frozen parameters. It computes attention through the
            registry from here on, and WavLM by `HeadwiseWavLMAttention`.
        processor: the feature extractor saved with it.

    Raises:
        UserError: the model takes another sampling rate, or the labels are no sentiments.
    """

    family: ClassVar[str] = "waveform"
    removals: tuple[str, ...] = WAYS

    def __init__(self, model: PreTrainedModel, processor: Wav2Vec2FeatureExtractor) -> None:
        config = model.config
        if processor.sampling_rate != RATE:
            raise UserError(
                f"This model hears {processor.sampling_rate} samples a second, but the app gives {RATE}; "
                f"choose a model for {RATE}."
            )
        self.modality: Literal["audio", "text"] = "audio"
        self.labels = labels_in_order(config.id2label)
        self.layers: int = config.num_hidden_layers
        self.heads: int = config.num_attention_heads
        self._grouping = group_labels(self.labels)
        if isinstance(model, WavLMForSequenceClassification):
            show_heads(model)
        else:
            model.set_attn_implementation(REGISTRY_NAME)
        self._processor = processor
        self._stride = math.prod(config.conv_stride)
        self._field = _receptive_field(config.conv_kernel, config.conv_stride)
        frames = math.isqrt(_BUDGET // (_BYTES_PER_WEIGHT * self.layers * self.heads))
        self._longest = (frames - 1) * self._stride + self._field
        self._use(model)

    def _use(self, model: PreTrainedModel) -> None:
        self._model = model
        modules = [module for module in model.modules() if isinstance(module, _ATTENTION)]
        self._sites = [Site(module, i, "self", "audio", "audio") for i, module in enumerate(modules)]
        model.base_model.feature_projection.register_forward_hook(_start_here)
        model.projector.register_forward_pre_hook(_keep_states)
        model.classifier.register_forward_pre_hook(_keep_pooled)

    def encode(self, given: np.ndarray) -> Encoded:
        """Encode a sound with its attention recorded and differentiable; one of a few samples is filled with silence.

        Args:
            given: (samples,), mono float32 at `RATE`, −1…1.
        """
        sound = given[: self._longest]
        recorder = Recorder(self._sites, differentiable=True)
        with recorder.hooked(), recorder.active(), differentiable():
            leaf, states, pooled, logits = self._forward([sound])
            sentiment = sentiment_logits(logits, self._grouping.to(logits.device))

        def contribution(gradient: Tensor) -> InputGradient:
            products = (gradient * (leaf.detach() - self._frame_of_silence()))[0].float().sum(-1, keepdim=True).cpu()
            return InputGradient("audio", ("features",), products)

        return Encoded(
            states=states,
            pooled=pooled,
            labels=logits,
            sentiment=sentiment,
            segments={"audio": self._segment(leaf.shape[1], len(sound) / RATE)},
            reading=Reading("audio", slice(None)),
            taken=recorder.take(),
            leaf=leaf,
            contribution=contribution,
            cut=len(given) > len(sound),
        )

    def at_once(self, given: np.ndarray) -> int:
        """How many variants of a sound may go through it together."""
        return max(1, min(_VARIANTS, _SECONDS_AT_ONCE * RATE // min(len(given), self._longest)))

    def vary(self, given: np.ndarray, kept: np.ndarray, removal: str) -> Variants:
        """As `Encoder.vary`."""
        sound = given[: self._longest]
        frames = 1 + max(0, len(sound) - self._field) // self._stride
        times, _ = distinct(self._times(frames, len(sound) / RATE))
        with torch.no_grad():
            _, states, pooled, logits = self._forward(without_stretches(sound, times, kept, removal))
        seen = torch.ones(states.shape[:2], dtype=torch.bool, device=states.device)
        return Variants(states, pooled, sentiment_logits(logits, self._grouping.to(logits.device)), seen)

    def randomised(self) -> Iterator[tuple[str, Self]]:
        """As `Encoder.randomised`."""
        return randomised_from(self, self._model, type(self)._use)

    def _forward(self, sounds: list[np.ndarray]) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Frames as they enter the transformer, states, the vector that the classifier reads, and logits."""
        run = _Run()
        token = _run.set(run)
        try:
            logits: Tensor = self._model(self._values(sounds)).logits
        finally:
            _run.reset(token)
        if run.leaf is None or run.states is None or run.pooled is None:
            raise RuntimeError(f"{type(self._model).__name__} has no feature projection, projector or classifier")
        return run.leaf, run.states, run.pooled, logits

    def _values(self, sounds: list[np.ndarray]) -> Tensor:
        padded = [np.pad(sound, (0, max(0, self._field - len(sound)))) for sound in sounds]
        values: Tensor = self._processor(padded, sampling_rate=RATE, return_tensors="pt")["input_values"]
        return values.to(self._model.device, self._model.dtype)

    def _segment(self, frames: int, seconds: float) -> Segment:
        times = self._times(frames, seconds)
        return Segment("audio", "audio", tuple(f"{start:.2f} s" for start, _ in times), AudioLayout(times))

    def _times(self, frames: int, seconds: float) -> tuple[tuple[float, float], ...]:
        return stretches([(i * self._stride + self._field / 2) / RATE for i in range(frames)], seconds)

    def _frame_of_silence(self) -> Tensor:
        base = self._model.base_model
        with torch.no_grad():
            features = base.feature_extractor(self._values([np.zeros(self._field, np.float32)])).transpose(1, 2)
            return _projected(base.feature_projection(features))


def _receptive_field(kernels: list[int], strides: list[int]) -> int:
    """How many samples one frame sees."""
    return 1 + sum((kernel - 1) * math.prod(strides[:i]) for i, kernel in enumerate(kernels))


def _projected(output: Tensor | tuple[Tensor, Tensor]) -> Tensor:
    """Wav2Vec2 and WavLM also give the features before the projection."""
    return output[0] if isinstance(output, tuple) else output


def _start_here(
    _module: nn.Module, _inputs: tuple[Tensor, ...], output: Tensor | tuple[Tensor, Tensor]
) -> Tensor | tuple[Tensor, Tensor] | None:
    run = _run.get()
    if run is None:
        return None
    run.leaf = _projected(output).detach().requires_grad_()
    return (run.leaf, output[1]) if isinstance(output, tuple) else run.leaf


def _keep_states(_module: nn.Module, inputs: tuple[Tensor, ...]) -> None:
    if (run := _run.get()) is not None:
        run.states = inputs[0]


def _keep_pooled(_module: nn.Module, inputs: tuple[Tensor, ...]) -> None:
    if (run := _run.get()) is not None:
        run.pooled = inputs[0]
