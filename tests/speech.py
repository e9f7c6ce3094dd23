"""Seeded random speech checkpoints of the real classes: the voice model, a tiny BERT, and their fusion."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import numpy as np
import torch
from torch import nn
from transformers import BertConfig, BertForSequenceClassification, BertTokenizer

from mm_demo.models.speech.family import SENTIMENTS
from mm_demo.models.speech.fusion_model import SpeechFusionConfig, SpeechFusionModel
from mm_demo.models.voice import VoiceConfig, VoiceFeatureExtractor, VoiceForEmotionClassification

SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
WORDS = ("i", "am", "so", "happy", "with", "this", "wonderful", "day", "terrible", "it", "is", "a", "meeting", "!", ".")
VOICE = {"num_bands": 40, "num_channels": 45, "hidden_size": 8, "members": 2, "heads": 2}
RATE = 16_000
Model = TypeVar("Model", bound=nn.Module)


def make_tokenizer() -> BertTokenizer:
    """A lower-casing WordPiece tokenizer with a few words."""
    return BertTokenizer(vocab={piece: i for i, piece in enumerate((*SPECIAL, *WORDS))})


def make_text_config() -> BertConfig:
    """A BERT of two layers with three sentiments."""
    return BertConfig(
        vocab_size=len(SPECIAL) + len(WORDS),
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=24,
        id2label=dict(enumerate(SENTIMENTS)),
    )


def lively(make: Callable[[], Model], seed: int) -> Model:
    """The model in evaluation mode with weights large enough that everything matters."""
    torch.manual_seed(seed)
    model = make()
    for parameter in model.parameters():
        if parameter.ndim > 1:
            nn.init.normal_(parameter, std=0.3)
        elif not parameter.any():
            nn.init.normal_(parameter, std=0.1)
    return model.eval().requires_grad_(False)


def make_voice(seed: int = 0) -> VoiceForEmotionClassification:
    """A tiny random voice model."""
    return lively(lambda: VoiceForEmotionClassification(VoiceConfig(**VOICE)), seed)


def make_text(seed: int = 0) -> BertForSequenceClassification:
    """A tiny random text classifier."""
    return lively(lambda: BertForSequenceClassification(make_text_config()), seed)


def make_fusion(seed: int = 0) -> SpeechFusionModel:
    """A tiny random fusion of both with all strategies."""
    voice = VoiceConfig(**VOICE)
    members, width = voice.members, voice.hidden_size
    config = SpeechFusionConfig(
        voice, make_text_config(), audio_shape=(members * width, 2 * members * width), text_shape=(16, 16), width=16
    )
    return lively(lambda: SpeechFusionModel(config), seed)


def save_fusion(folder: Path, seed: int = 0) -> Path:
    """A whole checkpoint folder of a tiny fusion."""
    make_fusion(seed).save_pretrained(folder)
    VoiceFeatureExtractor(num_bands=VOICE["num_bands"]).save_pretrained(folder)
    make_tokenizer().save_pretrained(folder)
    return folder


def tone(seconds: float = 1.0, seed: int = 0) -> np.ndarray:
    """Something like a voice: a buzzing tone that rises, in bursts, with a little noise; float32 at 16 kHz."""
    rng = np.random.default_rng(seed)
    at = np.arange(round(seconds * RATE)) / RATE
    buzz = sum(np.sin(2 * np.pi * k * (120 + 40 * at) * at) / k for k in range(1, 9))
    bursts = 0.5 + 0.5 * np.sin(2 * np.pi * 3 * at)
    return (0.1 * buzz * bursts + 0.002 * rng.standard_normal(len(at))).astype(np.float32)
