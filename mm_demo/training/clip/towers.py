"""A small `CLIPModel` whose vision tower starts from the one with which the embedded BLIP checkpoints see."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor
from transformers import BlipForQuestionAnswering, BlipVisionModel, CLIPConfig, CLIPModel, CLIPVisionModel

from mm_demo.models.catalog import WEIGHTS
from mm_demo.training.clip.processor import LONGEST

SEEING = WEIGHTS / "blip-vqa-scenes"
WIDTH = 256
"""Of the shared space."""


def make_model(vocabulary: int, start: int, end: int, seen: Path = SEEING) -> CLIPModel:
    """The model before training.

    Args:
        vocabulary: number of tokens.
        start: id of the token that begins a text.
        end: id of the token that ends it, at which the text is read off.
        seen: the BLIP checkpoint whose tower is taken over.
    """
    tower = BlipForQuestionAnswering.from_pretrained(seen, local_files_only=True, dtype=torch.float32).vision_model
    config = CLIPConfig(
        text_config={
            "vocab_size": vocabulary, "hidden_size": 128, "intermediate_size": 384, "num_hidden_layers": 3,
            "num_attention_heads": 4, "max_position_embeddings": LONGEST, "hidden_act": "gelu",
            "bos_token_id": start, "eos_token_id": end, "pad_token_id": end, "projection_dim": WIDTH,
        },
        vision_config={
            "hidden_size": tower.config.hidden_size, "intermediate_size": tower.config.intermediate_size,
            "num_hidden_layers": tower.config.num_hidden_layers,
            "num_attention_heads": tower.config.num_attention_heads, "image_size": tower.config.image_size,
            "patch_size": tower.config.patch_size, "hidden_act": tower.config.hidden_act, "projection_dim": WIDTH,
        },
        projection_dim=WIDTH,
    )  # fmt: skip
    model = CLIPModel(config)
    take_over(model.vision_model, tower)
    return model


@torch.no_grad()
def take_over(clip: CLIPVisionModel, blip: BlipVisionModel) -> None:
    """Give CLIP's vision tower BLIP's weights; the two differ only in where a bias stands and in a first norm.

    CLIP has no bias in its patch embedding: the positions take it. CLIP normalises what enters its first layer, BLIP
    doesn't: that norm's weight and bias are the least-squares fit that undoes it best on random pictures.
    """
    ours, theirs = clip.embeddings, blip.embeddings
    ours.class_embedding.copy_(theirs.class_embedding[0, 0])
    ours.patch_embedding.weight.copy_(theirs.patch_embedding.weight)
    ours.position_embedding.weight.copy_(theirs.position_embedding[0])
    ours.position_embedding.weight[1:] += theirs.patch_embedding.bias
    for mine, other in zip(clip.encoder.layers, blip.encoder.layers, strict=True):
        for part, weights in zip(("q_proj", "k_proj", "v_proj"), _thirds(other.self_attn.qkv), strict=True):
            getattr(mine.self_attn, part).load_state_dict(weights)
        mine.self_attn.out_proj.load_state_dict(other.self_attn.projection.state_dict())
        for part in ("layer_norm1", "layer_norm2", "mlp"):
            getattr(mine, part).load_state_dict(getattr(other, part).state_dict())
    clip.post_layernorm.load_state_dict(blip.post_layernorm.state_dict())
    side = clip.config.image_size
    pictures = torch.rand(64, 3, 1, 1).expand(-1, -1, side, side) * 2 - 1
    entering = ours(pictures).flatten(0, 1)
    normed = torch.nn.functional.layer_norm(entering, entering.shape[-1:], eps=clip.config.layer_norm_eps)
    variance = (normed - normed.mean(0)).square().mean(0)
    slope = ((normed - normed.mean(0)) * (entering - entering.mean(0))).mean(0) / variance.clamp(min=1e-6)
    clip.pre_layrnorm.weight.copy_(slope)
    clip.pre_layrnorm.bias.copy_(entering.mean(0) - slope * normed.mean(0))


def _thirds(qkv: torch.nn.Linear) -> list[dict[str, Tensor]]:
    return [{"weight": w, "bias": b} for w, b in zip(qkv.weight.chunk(3), qkv.bias.chunk(3), strict=True)]
