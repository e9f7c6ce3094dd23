"""Tiny seeded random CLIP and SigLIP checkpoints with real tokenizers and processors, saved as folders."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from tokenizers.pre_tokenizers import ByteLevel
from tokenizers.processors import TemplateProcessing
from torch import nn
from transformers import (
    CLIPConfig,
    CLIPImageProcessor,
    CLIPModel,
    CLIPProcessor,
    CLIPTokenizerFast,
    PreTrainedModel,
    Siglip2Tokenizer,
    SiglipConfig,
    SiglipImageProcessor,
    SiglipModel,
    SiglipProcessor,
)

NAMES = ("clip", "siglip")
LONGEST = 16
"""Tokens of a text."""

_TOWER = {"hidden_size": 32, "intermediate_size": 48, "num_attention_heads": 4}
_PICTURE = {**_TOWER, "num_hidden_layers": 3, "image_size": 32, "patch_size": 8}
_TEXT = {**_TOWER, "num_hidden_layers": 2, "max_position_embeddings": LONGEST}


def clip_processor() -> CLIPProcessor:
    """Byte pairs with three merges; pictures are cut to their middle, as those of the hub's CLIP are."""
    letters = sorted(ByteLevel.alphabet())
    merged = ["re", "red</w>", "st", "star</w>", "ar</w>"]
    tokens = [*letters, *(f"{letter}</w>" for letter in letters), *merged, "<|startoftext|>", "<|endoftext|>"]
    merges = [("r", "e"), ("re", "d</w>"), ("s", "t"), ("a", "r</w>"), ("st", "ar</w>")]
    vocabulary = {token: i for i, token in enumerate(tokens)}
    tokenizer = CLIPTokenizerFast(vocab=vocabulary, merges=merges, model_max_length=LONGEST)
    images = CLIPImageProcessor(size={"shortest_edge": 32}, crop_size={"height": 32, "width": 32})
    return CLIPProcessor(images, tokenizer)


def siglip_processor() -> SiglipProcessor:
    """A lower-casing tokenizer laid out as SigLIP 2's is, with every byte as a fallback."""
    pieces = ["<pad>", "<eos>", "<bos>", "<unk>", "<mask>", *(f"<0x{byte:02X}>" for byte in range(256))]
    pieces += [*"▁abcdefghijklmnopqrstuvwxyz,.!?-'", "re", "red", "st", "ar", "star"]
    vocabulary = {piece: i for i, piece in enumerate(pieces)}
    merges = [("r", "e"), ("re", "d"), ("s", "t"), ("a", "r"), ("st", "ar")]
    tokenizer = Siglip2Tokenizer(vocab=vocabulary, merges=merges, padding_side="right", model_max_length=LONGEST)
    tokenizer.backend_tokenizer.post_processor = TemplateProcessing(
        single="$A <eos>", special_tokens=[("<eos>", vocabulary["<eos>"])]
    )
    return SiglipProcessor(SiglipImageProcessor(size={"height": 32, "width": 32}), tokenizer)


def save(name: str, folder: Path, **vision: Any) -> Path:
    """Save "clip" or "siglip"; `vision` changes settings of its vision tower."""
    torch.manual_seed(len(name))
    model: PreTrainedModel
    if name == "clip":
        processor = clip_processor()
        tokenizer = processor.tokenizer
        special = {f"{kind}_token_id": getattr(tokenizer, f"{kind}_token_id") for kind in ("bos", "eos", "pad")}
        text = {**_TEXT, "vocab_size": len(tokenizer), "projection_dim": 24, **special}
        config = CLIPConfig(
            text_config=text, vision_config={**_PICTURE, "projection_dim": 24, **vision}, projection_dim=24
        )
        model = CLIPModel(config)
    else:
        processor = siglip_processor()
        text = {**_TEXT, "vocab_size": len(processor.tokenizer), "projection_size": 32}
        model = SiglipModel(SiglipConfig(text_config=text, vision_config={**_PICTURE, **vision}))
    _roughen(model)
    model.save_pretrained(folder)
    processor.save_pretrained(folder)
    return folder


@torch.no_grad()
def _roughen(model: PreTrainedModel) -> None:
    """The libraries' initial values give attention so even that comparisons would be vacuous."""
    for parameter in model.parameters():
        if parameter.ndim > 1:
            parameter.normal_(0.0, 0.2)
    for module in model.modules():
        if isinstance(module, nn.Linear) and module.bias is not None:
            module.bias.normal_(0.0, 0.1)
        if isinstance(module, nn.MultiheadAttention):
            module.in_proj_bias.normal_(0.0, 0.1)
