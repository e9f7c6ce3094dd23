"""What a model family says about each class it can run, and where to find which family knows a class."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from transformers import PreTrainedModel

from mm_demo.models.familiarity import Familiarity
from mm_demo.models.family import ModelInfo


@dataclass(frozen=True)
class Architecture:
    """How to open one model class.

    Attributes:
        model: the class whose `from_pretrained` opens it.
        processor: opens what prepares its input from the same folder.
        wraps: task → (model, processor, info, familiarity or None) → what that task is given.
    """

    model: type[PreTrainedModel]
    processor: Callable[[Path], Any]
    wraps: dict[str, Callable[[Any, Any, ModelInfo, Familiarity | None], Any]]


_FAMILIES = {
    "BlipForConditionalGeneration": "blip",
    "BlipForQuestionAnswering": "blip",
    "ViltForQuestionAnswering": "vilt",
    "CLIPModel": "clip",
    "SiglipModel": "clip",
    "SpeechFusionModel": "speech.architectures",
    "VoiceForEmotionClassification": "speech.architectures",
    "Wav2Vec2ForSequenceClassification": "speech.architectures",
    "HubertForSequenceClassification": "speech.architectures",
    "WavLMForSequenceClassification": "speech.architectures",
    "ASTForAudioClassification": "speech.architectures",
    "BertForSequenceClassification": "speech.architectures",
    "RobertaForSequenceClassification": "speech.architectures",
    "DistilBertForSequenceClassification": "speech.architectures",
    "WhisperForConditionalGeneration": "transcription.whisper",
}
"""Class → module of `mm_demo.models` with a table ARCHITECTURES that holds it; imported only when one is opened."""

KNOWN = tuple(_FAMILIES)
"""Every class that can be opened."""


def find_architecture(name: str) -> Architecture | None:
    """The architecture of that class name, None where no family knows it."""
    if name not in _FAMILIES:
        return None
    found: Architecture = import_module(f"mm_demo.models.{_FAMILIES[name]}").ARCHITECTURES[name]
    return found
