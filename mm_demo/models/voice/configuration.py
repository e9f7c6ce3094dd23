"""What `config.json` of a voice model says."""

from __future__ import annotations

from typing import Any

from transformers import PretrainedConfig

EMOTIONS = ("anger", "boredom", "disgust", "fear", "happiness", "neutral", "sadness")
SENTIMENTS = ("negative", "neutral", "positive")

SENTIMENT_OF = {
    "anger": "negative",
    "boredom": "neutral",
    "disgust": "negative",
    "fear": "negative",
    "happiness": "positive",
    "neutral": "neutral",
    "sadness": "negative",
}
"""The sentiment that each emotion counts as."""


class VoiceConfig(PretrainedConfig):
    """Sizes of a `VoiceForEmotionClassification`.

    Attributes:
        num_bands: log-mel bands, the first channels of the input.
        num_channels: all channels of the input, the bands among them.
        num_coefficients: Mel-frequency cepstral coefficients made of the bands inside the model.
        hidden_size: width of a member's convolutions, and of each direction of its recurrent layer.
        members: networks side by side whose probabilities are averaged.
        heads: attention heads of each member.
        dropout: share of values dropped in training.
        hop_seconds: time from one input frame to the next.
        sentiments: names of the second head's classes, in order.
    """

    model_type = "mm_demo_voice"

    def __init__(
        self,
        num_bands: int = 40,
        num_channels: int = 45,
        num_coefficients: int = 20,
        hidden_size: int = 48,
        members: int = 3,
        heads: int = 2,
        dropout: float = 0.15,
        hop_seconds: float = 0.01,
        sentiments: tuple[str, ...] = SENTIMENTS,
        **kwargs: Any,
    ) -> None:
        self.num_bands = num_bands
        self.num_channels = num_channels
        self.num_coefficients = num_coefficients
        self.hidden_size = hidden_size
        self.members = members
        self.heads = heads
        self.dropout = dropout
        self.hop_seconds = hop_seconds
        self.sentiments = tuple(sentiments)
        kwargs.setdefault("id2label", dict(enumerate(EMOTIONS)))
        kwargs.setdefault("label2id", {name: index for index, name in enumerate(EMOTIONS)})
        super().__init__(**kwargs)
