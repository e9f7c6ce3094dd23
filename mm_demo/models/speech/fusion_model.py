"""`SpeechFusionModel`: any audio classifier and any text classifier of transformers, and fusions of the two."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from transformers import (
    AutoConfig,
    AutoModel,
    AutoModelForAudioClassification,
    AutoModelForSequenceClassification,
    PreTrainedConfig,
    PreTrainedModel,
)

from mm_demo.fusion import STRATEGIES, Fused, Modality, Shape
from mm_demo.models import voice as _registers_the_voice_model  # noqa: F401
from mm_demo.models.speech.family import SENTIMENTS

SPEECH_STRATEGIES = ("attention", "early", "late", "gated", "cross_modal")
"""The fusion strategies a checkpoint has unless it says otherwise; the first is the default."""

_CERTAIN = 8.0
"""Log probabilities of the encoders' own opinions are cut at this many below zero."""


class SpeechFusionConfig(PreTrainedConfig):
    """Configuration of a `SpeechFusionModel`.

    Args:
        audio_config: of the audio classifier, or its dictionary.
        text_config: of the text classifier, likewise.
        audio_shape: dimensions of the audio encoder's (pooled vector, states).
        text_shape: of the text encoder's.
        strategies: names of the fusion strategies; the first is the default.
        width: dimension in which the modalities meet.
        dropout: share of the pooled vectors' entries dropped while training, 0…1.
    """

    model_type = "mm_demo_speech_fusion"
    sub_configs: ClassVar[dict[str, type]] = {"audio_config": AutoConfig, "text_config": AutoConfig}

    def __init__(
        self,
        audio_config: PreTrainedConfig | dict[str, Any] | None = None,
        text_config: PreTrainedConfig | dict[str, Any] | None = None,
        audio_shape: tuple[int, int] = (64, 64),
        text_shape: tuple[int, int] = (64, 64),
        strategies: tuple[str, ...] = SPEECH_STRATEGIES,
        width: int = 64,
        dropout: float = 0.5,
        **more: Any,
    ) -> None:
        self.audio_config = _opened(audio_config, "mm_demo_voice")
        self.text_config = _opened(text_config, "bert")
        self.audio_shape = tuple(audio_shape)
        self.text_shape = tuple(text_shape)
        self.strategies = tuple(strategies)
        self.width = width
        self.dropout = dropout
        more.setdefault("id2label", dict(enumerate(SENTIMENTS)))
        super().__init__(**more)


class SpeechFusionModel(PreTrainedModel):
    """Two encoders with their classifiers, and one head for each fusion strategy on top of both.

    A head is given, for each modality, its vector: the layer-normed pooled vector of the encoder beside the log
    probabilities of the encoder's own sentiment; and its layer-normed states.
    """

    config_class = SpeechFusionConfig
    base_model_prefix = "fusion"
    input_modalities = ("audio", "text")
    _supports_sdpa = True
    _supports_attention_backend = True

    def __init__(self, config: SpeechFusionConfig) -> None:
        super().__init__(config)
        self.audio = AutoModelForAudioClassification.from_config(config.audio_config)
        self.text = AutoModelForSequenceClassification.from_config(config.text_config)
        shapes = {"audio": config.audio_shape, "text": config.text_shape}
        self.vector_norms = nn.ModuleDict({name: nn.LayerNorm(vector) for name, (vector, _) in shapes.items()})
        self.state_norms = nn.ModuleDict({name: nn.LayerNorm(states) for name, (_, states) in shapes.items()})
        entering = {name: Shape(vector + len(SENTIMENTS), states) for name, (vector, states) in shapes.items()}
        self.strategies = nn.ModuleDict(
            {name: STRATEGIES[name](entering, len(SENTIMENTS), config.width) for name in config.strategies}
        )
        self.dropout = nn.Dropout(config.dropout)
        self.post_init()

    def modality(self, name: str, pooled: Tensor, states: Tensor, mask: Tensor, sentiment: Tensor) -> Modality:
        """What the heads are given of one modality.

        Args:
            name: "audio" or "text".
            pooled: (batch, dim) of the encoder.
            states: (batch, length, dim) of the encoder.
            mask: (batch, length) bool; a row without any True is a missing modality.
            sentiment: (batch, 3), logits of the encoder's own sentiment.
        """
        opinion = sentiment.log_softmax(-1).clamp(min=-_CERTAIN)
        vector = torch.cat([self.dropout(self.vector_norms[name](pooled)), opinion.to(pooled)], dim=-1)
        return Modality(vector, self.state_norms[name](states), mask)

    def forward(self, strategy: str, modalities: Mapping[str, Modality]) -> Fused:
        """The sentiment's logits (batch, 3) and the modalities' weights by one strategy."""
        fused: Fused = self.strategies[strategy](modalities)
        return fused


def _opened(config: PreTrainedConfig | dict[str, Any] | None, otherwise: str) -> PreTrainedConfig:
    if isinstance(config, PreTrainedConfig):
        return config
    given = dict(config or {"model_type": otherwise})
    return AutoConfig.for_model(**given)


AutoConfig.register(SpeechFusionConfig.model_type, SpeechFusionConfig, exist_ok=True)
AutoModel.register(SpeechFusionConfig, SpeechFusionModel, exist_ok=True)
