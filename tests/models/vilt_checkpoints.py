"""Seeded random ViLT checkpoints of the real class, with a real tokenizer and picture processor, saved as folders."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
from transformers import (
    BertTokenizerFast,
    ViltConfig,
    ViltForQuestionAnswering,
    ViltImageProcessor,
    ViltProcessor,
)

from tests.checkpoints import SPECIAL, WORDS


@dataclass(frozen=True)
class Size:
    """The shape of a random checkpoint; `shortest` is the shorter side of a prepared picture, in pixels."""

    layers: int
    dim: int
    heads: int
    shortest: int
    patch: int
    answers: int
    vocabulary: int = len(SPECIAL) + len(WORDS)


TINY = Size(layers=3, dim=32, heads=4, shortest=32, patch=8, answers=12)
BASE = Size(layers=12, dim=768, heads=12, shortest=384, patch=32, answers=3129, vocabulary=30522)


def make_processor(size: Size) -> ViltProcessor:
    """A lower-casing WordPiece tokenizer and a picture processor for that size."""
    pieces = [*SPECIAL, *WORDS]
    pieces += [f"word{i}" for i in range(size.vocabulary - len(pieces))]
    tokenizer = BertTokenizerFast(vocab={piece: i for i, piece in enumerate(pieces)})
    images = ViltImageProcessor(size={"shortest_edge": size.shortest}, size_divisor=size.patch)
    return ViltProcessor(images, tokenizer)


@torch.no_grad()
def make_model(size: Size, seed: int = 0, max_image_length: int = -1) -> ViltForQuestionAnswering:
    """A random model whose maps are not flat: the library's initial values leave class token and positions at zero."""
    config = ViltConfig(
        vocab_size=size.vocabulary,
        hidden_size=size.dim,
        num_hidden_layers=size.layers,
        num_attention_heads=size.heads,
        intermediate_size=4 * size.dim,
        image_size=size.shortest,
        patch_size=size.patch,
        max_image_length=max_image_length,
        pad_token_id=0,
        id2label={i: f"answer {i}" for i in range(size.answers)},
        label2id={f"answer {i}": i for i in range(size.answers)},
    )
    torch.manual_seed(seed)
    model = ViltForQuestionAnswering(config).eval().requires_grad_(False)
    spread = 0.2 if size.dim < 128 else 0.05
    for name, parameter in model.named_parameters():
        if "norm" not in name.lower() and parameter.ndim > 1:
            parameter.normal_(0.0, spread)
    return model


def save(folder: Path, size: Size = TINY, seed: int = 0, max_image_length: int = -1) -> Path:
    """Save such a checkpoint."""
    make_model(size, seed, max_image_length).save_pretrained(folder)
    make_processor(size).save_pretrained(folder)
    return folder
