"""Tiny seeded random checkpoints of the real speech and text classifiers, with real processors, saved as folders."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tokenizers.pre_tokenizers import ByteLevel
from torch import Tensor
from transformers import (
    ASTConfig,
    ASTFeatureExtractor,
    ASTForAudioClassification,
    BertConfig,
    BertForSequenceClassification,
    BertTokenizer,
    DistilBertConfig,
    DistilBertForSequenceClassification,
    HubertConfig,
    HubertForSequenceClassification,
    PreTrainedModel,
    RobertaConfig,
    RobertaForSequenceClassification,
    RobertaTokenizer,
    Wav2Vec2Config,
    Wav2Vec2FeatureExtractor,
    Wav2Vec2ForSequenceClassification,
    WavLMConfig,
    WavLMForSequenceClassification,
)

from mm_demo.attention.recorder import to_records
from mm_demo.attention.trace import Record
from mm_demo.models.family import ModelInfo
from mm_demo.models.speech.encoders import Encoded

SENTIMENT = ("negative", "neutral", "positive")
EMOTION = ("neu", "hap", "ang", "sad")
INFO = ModelInfo("tiny", "Tiny", "local", "cpu", "float32", 1, 1, 2, 4)
POSITIONS = 40

_TEXT_SHAPE = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 48}
_SOUND_SHAPE = {
    **_TEXT_SHAPE, "conv_dim": (8,) * 7, "num_conv_pos_embeddings": 16, "num_conv_pos_embedding_groups": 4,
    "classifier_proj_size": 24, "initializer_range": 0.2,
}  # fmt: skip
_LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789<>/&;.,!?'\"-()[]"
_WORDS = ("i", "love", "hate", "this", "day", "good", "bad", "not", "##ly", "##ing")


def _labelled(labels: Sequence[str]) -> dict[str, Any]:
    return {"id2label": dict(enumerate(labels)), "label2id": {label: i for i, label in enumerate(labels)}}


def bert_tokenizer() -> BertTokenizer:
    """Lower-casing WordPiece that can spell every Latin word, but knows few."""
    letters = [*_LETTERS, *(f"##{letter}" for letter in _LETTERS)]
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *_WORDS, *letters]
    return BertTokenizer(vocab={piece: i for i, piece in enumerate(dict.fromkeys(pieces))})


def roberta_tokenizer() -> RobertaTokenizer:
    """Byte-level, with three merges."""
    pieces = ["<s>", "<pad>", "</s>", "<unk>", "<mask>", *sorted(ByteLevel.alphabet()), "lo", "ve", "love"]
    merges = [("l", "o"), ("v", "e"), ("lo", "ve")]
    return RobertaTokenizer(vocab={piece: i for i, piece in enumerate(pieces)}, merges=merges)


def save_text(name: str, folder: Path, labels: Sequence[str] = SENTIMENT) -> Path:
    """Save a text classifier: "bert", "roberta" or "distilbert"."""
    torch.manual_seed(len(name))
    shared = {"max_position_embeddings": POSITIONS, "initializer_range": 0.3, **_labelled(labels)}
    model: PreTrainedModel
    if name == "roberta":
        tokenizer = roberta_tokenizer()
        shared |= {"pad_token_id": 1, "bos_token_id": 0, "eos_token_id": 2, "type_vocab_size": 1, **_TEXT_SHAPE}
        model = RobertaForSequenceClassification(RobertaConfig(vocab_size=len(tokenizer), **shared))
    elif name == "bert":
        tokenizer = bert_tokenizer()
        model = BertForSequenceClassification(BertConfig(vocab_size=len(tokenizer), **shared, **_TEXT_SHAPE))
    else:
        tokenizer = bert_tokenizer()
        shape = {"dim": 32, "hidden_dim": 48, "n_layers": 2, "n_heads": 4}
        model = DistilBertForSequenceClassification(DistilBertConfig(vocab_size=len(tokenizer), **shape, **shared))
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


_WAVEFORM = {
    "wav2vec2": (Wav2Vec2Config, Wav2Vec2ForSequenceClassification),
    "hubert": (HubertConfig, HubertForSequenceClassification),
    "wavlm": (WavLMConfig, WavLMForSequenceClassification),
}


def save_waveform(name: str, folder: Path, labels: Sequence[str] = EMOTION, **settings: object) -> Path:
    """Save a classifier of the raw waveform: "wav2vec2", "hubert" or "wavlm"."""
    torch.manual_seed(len(name))
    config, model_class = _WAVEFORM[name]
    model = model_class(config(**(_SOUND_SHAPE | settings), **_labelled(labels)))
    _roughen(model)
    model.save_pretrained(folder)
    Wav2Vec2FeatureExtractor(do_normalize=True).save_pretrained(folder)
    return folder


def save_spectrogram(folder: Path, labels: Sequence[str] = EMOTION) -> Path:
    """Save a spectrogram transformer that reads 64 frames × 32 bands in patches of 8 × 8, stepping by 5 and 6."""
    torch.manual_seed(7)
    sizes = {"num_mel_bins": 32, "max_length": 64, "patch_size": 8, "frequency_stride": 5, "time_stride": 6}
    model = ASTForAudioClassification(ASTConfig(**_TEXT_SHAPE, **sizes, initializer_range=0.2, **_labelled(labels)))
    _roughen(model)
    model.save_pretrained(folder)
    ASTFeatureExtractor(num_mel_bins=32, max_length=64).save_pretrained(folder)
    return folder


def _roughen(model: PreTrainedModel) -> None:
    """Parameters that start as zeros or ones, as no trained model's are, would make comparisons vacuous."""
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.numel() > 1 and float(parameter.std()) == 0:
                parameter.add_(torch.randn_like(parameter) * 0.2)


def sound(seconds: float, seed: int = 0) -> np.ndarray:
    """A tone that glides through noise: (samples,) float32 at 16 kHz."""
    time = np.arange(int(seconds * 16_000)) / 16_000
    noise = np.random.default_rng(seed).normal(0, 0.02, len(time))
    return (0.3 * np.sin(2 * np.pi * (200 + 100 * seed + 300 * time) * time) + noise).astype(np.float32)


def records_of(encoded: Encoded, score: Tensor) -> list[Record]:
    """The records of an encoding, with gradients."""
    return to_records(encoded.taken, score)


def assert_same_records(records: list[Record], weights: Sequence[Tensor], gradients: Sequence[Tensor]) -> None:
    """The recorded weights and gradients are these, each (1, heads, queries, keys), and none is vacuous."""
    assert len(records) == len(weights) == len(gradients) > 0
    for record, weight, gradient in zip(records, weights, gradients, strict=True):
        assert record.gradient is not None
        assert float(weight.detach().std()) > 1e-4
        assert float(gradient.abs().max()) > 0
        torch.testing.assert_close(record.weights, weight[0].detach(), atol=1e-5, rtol=0)
        torch.testing.assert_close(record.gradient, gradient[0], atol=1e-5, rtol=1e-3)
