"""The classes that judge speech: fusions, classifiers of sounds, classifiers of texts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from transformers import (
    ASTForAudioClassification,
    AutoFeatureExtractor,
    AutoTokenizer,
    BertForSequenceClassification,
    DistilBertForSequenceClassification,
    HubertForSequenceClassification,
    PreTrainedModel,
    RobertaForSequenceClassification,
    Wav2Vec2ForSequenceClassification,
    WavLMForSequenceClassification,
)

from mm_demo.models.architecture import Architecture
from mm_demo.models.familiarity import Familiarity
from mm_demo.models.family import ModelInfo
from mm_demo.models.speech.bert import BertTextEncoder
from mm_demo.models.speech.encoders import Encoder
from mm_demo.models.speech.fused import FusedSentiment
from mm_demo.models.speech.fusion_model import SpeechFusionModel
from mm_demo.models.speech.spectrogram import SpectrogramEncoder
from mm_demo.models.speech.unimodal import UnimodalSentiment
from mm_demo.models.speech.waveform import WaveformEncoder
from mm_demo.models.voice import VoiceForEmotionClassification
from mm_demo.models.voice.encoder import VoiceEncoder

_SOUNDS: dict[type[PreTrainedModel], Callable[[Any, Any], Encoder[np.ndarray]]] = {
    VoiceForEmotionClassification: VoiceEncoder,
    Wav2Vec2ForSequenceClassification: WaveformEncoder,
    HubertForSequenceClassification: WaveformEncoder,
    WavLMForSequenceClassification: WaveformEncoder,
    ASTForAudioClassification: SpectrogramEncoder,
}
_TEXTS: dict[type[PreTrainedModel], Callable[[Any, Any], Encoder[str]]] = {
    BertForSequenceClassification: BertTextEncoder,
    RobertaForSequenceClassification: BertTextEncoder,
    DistilBertForSequenceClassification: BertTextEncoder,
}


def open_encoder(model: PreTrainedModel, processor: Any) -> Encoder[Any]:
    """The encoder over a classifier of sounds or of texts, with what prepares its input."""
    return (_SOUNDS | _TEXTS)[type(model)](model, processor)


def _fused_processor(folder: Path) -> tuple[Any, Any]:
    return AutoFeatureExtractor.from_pretrained(folder), AutoTokenizer.from_pretrained(folder)


def _fused(
    model: SpeechFusionModel, processor: tuple[Any, Any], info: ModelInfo, familiarity: Familiarity | None
) -> FusedSentiment:
    extractor, tokenizer = processor
    return FusedSentiment(model, open_encoder(model.audio, extractor), open_encoder(model.text, tokenizer), info)


def _alone(
    model: PreTrainedModel, processor: Any, info: ModelInfo, familiarity: Familiarity | None
) -> UnimodalSentiment:
    return UnimodalSentiment(open_encoder(model, processor), info)


ARCHITECTURES = {
    "SpeechFusionModel": Architecture(SpeechFusionModel, _fused_processor, {"sentiment": _fused}),
    **{m.__name__: Architecture(m, AutoFeatureExtractor.from_pretrained, {"sentiment": _alone}) for m in _SOUNDS},
    **{m.__name__: Architecture(m, AutoTokenizer.from_pretrained, {"sentiment": _alone}) for m in _TEXTS},
}
