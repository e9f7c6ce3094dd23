"""CLIP (Radford et al. 2021)."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from transformers import CLIPModel, CLIPProcessor
from transformers.models.clip.modeling_clip import CLIPAttention

import mm_demo.attention.registry  # noqa: F401  (makes REGISTRY_NAME known to transformers)
from mm_demo.attention.recorder import REGISTRY_NAME
from mm_demo.models.clip.matcher import DualEncoder
from mm_demo.models.clip.revision import revision_of
from mm_demo.models.clip.text import TextTower
from mm_demo.models.clip.vision import VisionTower
from mm_demo.models.familiarity import Familiarity
from mm_demo.models.family import ModelInfo


class ClipMatcher(DualEncoder):
    """CLIP: a class token stands for the picture, the end token for the text.

    Args:
        model: in evaluation mode, with frozen parameters. It computes attention through the registry from here on.
        processor: the one saved with it.
        info: what to say about it; layers and heads become those of the picture's tower, whose maps are shown.
        familiarity: judges whether a picture is of the kind the checkpoint knows; None where it can't.

    Raises:
        UserError: model, tokenizer and processor don't fit one another.
    """

    family: ClassVar[str] = "clip"

    def __init__(
        self, model: CLIPModel, processor: CLIPProcessor, info: ModelInfo, familiarity: Familiarity | None = None
    ) -> None:
        model.set_attn_implementation(REGISTRY_NAME)
        stack = model.config.vision_config
        super().__init__(
            replace(info, layers=stack.num_hidden_layers, heads=stack.num_attention_heads),
            VisionTower(model, processor.image_processor, CLIPAttention, None, familiarity),
            TextTower(model, processor.tokenizer, CLIPAttention, filled=False),
            revision=revision_of(model, processor.image_processor),
            dimensions=model.config.projection_dim,
            scale=float(model.logit_scale.exp()),
            bias=None,
        )
