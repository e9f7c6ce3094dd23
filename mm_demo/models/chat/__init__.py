"""Vision-language chat models, told and asked in words; the only place that knows their inner names."""

from functools import partial

from transformers import (
    AutoProcessor,
    Idefics3ForConditionalGeneration,
    Qwen2_5_VLForConditionalGeneration,
    Qwen2VLForConditionalGeneration,
    SmolVLMForConditionalGeneration,
)

from mm_demo.models.architecture import Architecture
from mm_demo.models.chat.answerer import ChatAnswerer
from mm_demo.models.chat.captioner import ChatCaptioner
from mm_demo.models.chat.qwen import QwenVl
from mm_demo.models.chat.smolvlm import SmolVlm

ARCHITECTURES = {
    model.__name__: Architecture(
        model,
        partial(AutoProcessor.from_pretrained, local_files_only=True, trust_remote_code=False),
        {"caption": partial(ChatCaptioner, describe=describe), "vqa": partial(ChatAnswerer, describe=describe)},
    )
    for model, describe in (
        (SmolVLMForConditionalGeneration, SmolVlm),
        (Idefics3ForConditionalGeneration, SmolVlm),
        (Qwen2_5_VLForConditionalGeneration, QwenVl),
        (Qwen2VLForConditionalGeneration, QwenVl),
    )
}

__all__ = ["ARCHITECTURES", "ChatAnswerer", "ChatCaptioner"]
