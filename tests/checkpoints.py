"""Seeded random BLIP checkpoints of the real classes, with an ordinary tokenizer and processor."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import torch
from torch import nn
from transformers import (
    BertTokenizer,
    BlipConfig,
    BlipForConditionalGeneration,
    BlipForQuestionAnswering,
    BlipImageProcessor,
    BlipProcessor,
)

SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "[DEC]")
WORDS = (
    *("a", "the", "is", "what", "color", "how", "many", "there", "and", "of", "?", "."),
    *("red", "green", "blue", "star", "house", "circle", "car", "tree", "one", "two"),
    *("left", "right", "above", "under", "##s", "##ish"),
)


@dataclass(frozen=True)
class Size:
    """The shape of a random checkpoint; the vocabulary is filled up to `vocabulary` with made-up words."""

    layers: int
    text_layers: int
    dim: int
    heads: int
    image: int
    patch: int
    vocabulary: int = len(SPECIAL) + len(WORDS)
    positions: int = 40


TINY = Size(layers=2, text_layers=2, dim=32, heads=4, image=32, patch=8)
EMBEDDED = Size(layers=5, text_layers=3, dim=160, heads=5, image=128, patch=16, vocabulary=337, positions=64)
BASE = Size(layers=12, text_layers=12, dim=768, heads=12, image=384, patch=16, vocabulary=30524, positions=512)


def make_processor(size: Size) -> BlipProcessor:
    """A lower-casing WordPiece tokenizer and a picture processor for that size."""
    pieces = [*SPECIAL, *WORDS]
    pieces += [f"word{i}" for i in range(size.vocabulary - len(pieces))]
    tokenizer = BertTokenizer(vocab={piece: i for i, piece in enumerate(pieces)}, bos_token="[DEC]")
    images = BlipImageProcessor(size={"height": size.image, "width": size.image})
    return BlipProcessor(image_processor=images, tokenizer=tokenizer)


Model = TypeVar("Model", BlipForConditionalGeneration, BlipForQuestionAnswering)


def make_model(model_class: type[Model], size: Size, seed: int = 0, sharpness: float = 1.0) -> Model:
    """A random model; its probabilities are the sharper, the larger `sharpness`."""
    text = {
        "hidden_size": size.dim,
        "encoder_hidden_size": size.dim,
        "num_hidden_layers": size.text_layers,
        "num_attention_heads": size.heads,
        "intermediate_size": 4 * size.dim,
        "vocab_size": size.vocabulary,
        "max_position_embeddings": size.positions,
        "pad_token_id": 0,
        "bos_token_id": 5,
        "eos_token_id": 3,
        "sep_token_id": 3,
    }
    vision = {
        "hidden_size": size.dim,
        "num_hidden_layers": size.layers,
        "num_attention_heads": size.heads,
        "intermediate_size": 4 * size.dim,
        "image_size": size.image,
        "patch_size": size.patch,
    }
    torch.manual_seed(seed)
    model = model_class(BlipConfig(text_config=text, vision_config=vision)).eval().requires_grad_(False)
    for module in model.modules():
        if isinstance(module, nn.Linear | nn.Conv2d | nn.Embedding):
            module.weight.normal_(0.0, 0.2 if size.dim < 128 else 0.05)
            if not isinstance(module, nn.Embedding) and module.bias is not None:
                module.bias.normal_(0.0, 0.02)
    embeddings = model.vision_model.embeddings
    for parameter in (embeddings.class_embedding, embeddings.position_embedding):
        parameter.normal_(0.0, 0.2)
    head = model.text_decoder.cls.predictions
    head.transform.LayerNorm.weight.mul_(sharpness)
    for special in (0, 1, 2, 4, 5):  # like a trained model, write no special tokens but the end
        head.decoder.bias[special] = head.bias[special] = -30.0
    return model
