"""The audio spectrogram transformer as a reader of sentiments: attention over patches of time and frequency."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Literal, Self

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional
from transformers import ASTFeatureExtractor, ASTForAudioClassification
from transformers.audio_utils import hertz_to_mel, mel_to_hertz

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

# The feature extractor's own window and hop, which it does not let anybody choose.
_WINDOW, _HOP = 400, 160
_LOWEST_HERTZ = 20.0
_LEADING = 2
_VARIANTS = 8
"""Variants of a sound that go through the network together."""


class SpectrogramEncoder:
    """An audio spectrogram transformer (Gong, Chung & Glass 2021).

    After the class and the distillation token, an element is one patch, lowest frequencies first and each band of
    patches over the whole time, so patches of different frequencies share a stretch of sound. Gradients are taken by
    the spectrogram; what each cell contributed is counted from silence and shared equally by the patches that overlap
    on it. The model always reads a sound of fixed length, filled up or cut; patches of the filling have an empty
    stretch at the end of the sound.

    Args:
        model: in evaluation mode with frozen parameters. It computes attention through the registry from here on.
        processor: the feature extractor saved with it.

    Raises:
        UserError: the two don't fit each other, or the labels are no sentiments.
    """

    family: ClassVar[str] = "spectrogram"
    removals: tuple[str, ...] = WAYS

    def __init__(self, model: ASTForAudioClassification, processor: ASTFeatureExtractor) -> None:
        config = model.config
        made = (processor.sampling_rate, processor.max_length, processor.num_mel_bins)
        if made != (RATE, config.max_length, config.num_mel_bins):
            raise UserError(
                "This checkpoint is damaged, or made for another sampling rate: its processor makes "
                f"{made[1]} × {made[2]} spectrograms at {made[0]} samples a second, but {config.max_length} × "
                f"{config.num_mel_bins} at {RATE} are needed; get it again or choose another."
            )
        self.modality: Literal["audio", "text"] = "audio"
        self.labels = labels_in_order(config.id2label)
        self.layers: int = config.num_hidden_layers
        self.heads: int = config.num_attention_heads
        self._grouping = group_labels(self.labels)
        model.set_attn_implementation(REGISTRY_NAME)
        self._processor = processor
        self._patch: int = config.patch_size
        self._strides: tuple[int, int] = (config.frequency_stride, config.time_stride)
        self._hertz = band_centres(config.num_mel_bins)
        self._silence = float(self._spectrograms([np.zeros(_WINDOW, np.float32)])[0, 0, 0])
        self._use(model)

    def _use(self, model: ASTForAudioClassification) -> None:
        self._model = model
        layers = model.audio_spectrogram_transformer.layers
        self._sites = [Site(layer.attention, i, "self", "audio", "audio") for i, layer in enumerate(layers)]

    def encode(self, given: np.ndarray) -> Encoded:
        """Encode a sound with its attention recorded and differentiable.

        Args:
            given: (samples,), mono float32 at `RATE`, −1…1.
        """
        values = self._spectrograms([given])
        longest = self._processor.max_length
        frames = max(0, len(given) - _WINDOW) // _HOP + 1
        recorder = Recorder(self._sites, differentiable=True)
        with recorder.hooked(), recorder.active(), differentiable():
            leaf = values.to(self._model.device, self._model.dtype).clone().requires_grad_()
            output = self._model.audio_spectrogram_transformer(leaf)
            logits: Tensor = self._model.classifier(output.pooler_output)
            sentiment = sentiment_logits(logits, self._grouping.to(logits.device))

        def contribution(gradient: Tensor) -> InputGradient:
            products = (gradient * (leaf.detach() - self._silence))[0].float().cpu()
            products[frames:] = 0  # the filling is no part of the sound
            channels = tuple(f"{hertz:.0f} Hz" for hertz in self._hertz)
            return InputGradient("audio", channels, self._by_patch(products))

        return Encoded(
            states=output.last_hidden_state,
            pooled=output.pooler_output,
            labels=logits,
            sentiment=sentiment,
            segments={"audio": self._segment(self._heard(given))},
            reading=Reading("audio", slice(0, _LEADING)),
            taken=recorder.take(),
            leaf=leaf,
            contribution=contribution,
            cut=frames > longest,
        )

    def at_once(self, given: np.ndarray) -> int:
        """How many variants of a sound may go through it together."""
        return _VARIANTS

    def vary(self, given: np.ndarray, kept: np.ndarray, removal: str) -> Variants:
        """As `Encoder.vary`."""
        sounds = without_stretches(given, distinct(self._times(self._heard(given)))[0], kept, removal)
        with torch.no_grad():
            values = self._spectrograms(sounds).to(self._model.device, self._model.dtype)
            output = self._model.audio_spectrogram_transformer(values)
            labels: Tensor = self._model.classifier(output.pooler_output)
        states = output.last_hidden_state
        seen = torch.ones(states.shape[:2], dtype=torch.bool, device=states.device)
        sentiment = sentiment_logits(labels, self._grouping.to(labels.device))
        return Variants(states, output.pooler_output, sentiment, seen)

    def randomised(self) -> Iterator[tuple[str, Self]]:
        """As `Encoder.randomised`."""
        return randomised_from(self, self._model, type(self)._use)

    def _heard(self, sound: np.ndarray) -> float:
        """How many seconds of a sound are read."""
        return min(len(sound), (self._processor.max_length - 1) * _HOP + _WINDOW) / RATE

    def _times(self, seconds: float) -> tuple[tuple[float, float], ...]:
        """The stretches of the columns of patches."""
        _, cols = self._model.audio_spectrogram_transformer.embeddings.get_shape(self._model.config)
        first = ((self._patch - 1) * _HOP + _WINDOW) / 2
        return stretches([(first + i * self._strides[1] * _HOP) / RATE for i in range(cols)], seconds)

    def _spectrograms(self, sounds: list[np.ndarray]) -> Tensor:
        padded = [np.pad(sound, (0, max(0, _WINDOW - len(sound)))) for sound in sounds]
        values: Tensor = self._processor(padded, sampling_rate=RATE, return_tensors="pt")["input_values"]
        return values

    def _segment(self, seconds: float) -> Segment:
        rows, _ = self._model.audio_spectrogram_transformer.embeddings.get_shape(self._model.config)
        times = self._times(seconds)
        middles = [self._hertz[row * self._strides[0] + self._patch // 2] for row in range(rows)]
        labels = [f"{start:.2f} s, {hertz:.0f} Hz" for hertz in middles for start, _ in times]
        names = ("class token", "distillation token", *labels)
        return Segment("audio", "audio", names, AudioLayout(times * rows), leading=_LEADING)

    def _by_patch(self, products: Tensor) -> Tensor:
        """(frames, bands) → (elements, bands): each cell's product divided among the patches that cover it."""
        bands = products.shape[1]
        cells = products.T[None, None]
        size = (self._patch, self._patch)
        ones = functional.unfold(torch.ones_like(cells), size, stride=self._strides)
        covered = functional.fold(ones, cells.shape[-2:], size, stride=self._strides).clamp(min=1)
        shared = functional.unfold(cells / covered, size, stride=self._strides)[0]
        by_band = shared.view(self._patch, self._patch, -1).sum(1)
        patches = by_band.shape[1]
        rows = (bands - self._patch) // self._strides[0] + 1
        found = products.new_zeros(_LEADING + patches, bands)
        for row in range(rows):
            low = row * self._strides[0]
            columns = slice(row * patches // rows, (row + 1) * patches // rows)
            found[_LEADING:][columns, low : low + self._patch] = by_band[:, columns].T
        return found


def band_centres(bands: int) -> np.ndarray:
    """(bands,) in Hz: where the triangular Mel filters of the feature extractor have their peaks."""
    low, high = (hertz_to_mel(hertz, mel_scale="kaldi") for hertz in (_LOWEST_HERTZ, RATE / 2))
    centres: np.ndarray = mel_to_hertz(np.linspace(low, high, bands + 2)[1:-1], mel_scale="kaldi")
    return centres
