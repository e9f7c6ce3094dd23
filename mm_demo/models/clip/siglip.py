"""SigLIP and SigLIP 2 at a fixed resolution (Zhai et al. 2023; Tschannen et al. 2025)."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from tokenizers import normalizers
from transformers import PreTrainedTokenizerFast, SiglipModel, SiglipProcessor
from transformers.models.siglip.modeling_siglip import SiglipAttention

import mm_demo.attention.registry  # noqa: F401  (makes REGISTRY_NAME known to transformers)
from mm_demo.attention.recorder import REGISTRY_NAME
from mm_demo.errors import UserError
from mm_demo.models.clip.matcher import DualEncoder
from mm_demo.models.clip.pooling import PoolingAttention
from mm_demo.models.clip.revision import revision_of
from mm_demo.models.clip.text import TextTower
from mm_demo.models.clip.vision import VisionTower
from mm_demo.models.familiarity import Familiarity
from mm_demo.models.family import ModelInfo


class SiglipMatcher(DualEncoder):
    """SigLIP: a probe that attends to all patches stands for the picture, the last position for the text.

    Args:
        model: in evaluation mode, with frozen parameters. It computes attention through the registry from here on.
        processor: the one saved with it.
        info: what to say about it; layers and heads become those of the picture's tower, whose maps are shown.
        familiarity: always None: it is fitted to towers with a class token.

    Raises:
        UserError: model, tokenizer and processor don't fit one another, or the model has no pooling head.
    """

    family: ClassVar[str] = "siglip"

    def __init__(
        self, model: SiglipModel, processor: SiglipProcessor, info: ModelInfo, familiarity: Familiarity | None = None
    ) -> None:
        stack = model.config.vision_config
        if not model.vision_model.use_head:
            raise UserError("it pools its patches by no attention; choose google/siglip2-base-patch16-224.")
        _lower_cased(processor.tokenizer)
        revision = revision_of(model, processor.image_processor)
        model.set_attn_implementation(REGISTRY_NAME)
        head = model.vision_model.head
        head.attention = PoolingAttention(head.attention, stack)
        super().__init__(
            replace(info, layers=stack.num_hidden_layers, heads=stack.num_attention_heads),
            VisionTower(model, processor.image_processor, SiglipAttention, head.attention, familiarity),
            TextTower(model, processor.tokenizer, SiglipAttention, filled=True),
            revision=revision,
            dimensions=stack.hidden_size,
            scale=float(model.logit_scale.exp()),
            bias=float(model.logit_bias),
        )


def _lower_cased(tokenizer: PreTrainedTokenizerFast) -> None:
    """Have every text read in lower case, as both generations were trained; Gemma's tokenizer, which comes with the
    second, doesn't by itself. Offsets stay those of what was typed."""
    if not tokenizer.is_fast:
        return
    backend = tokenizer.backend_tokenizer
    own = [] if backend.normalizer is None else [backend.normalizer]
    backend.normalizer = normalizers.Sequence([normalizers.Lowercase(), *own])
