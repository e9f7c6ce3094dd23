"""Seeded random chat checkpoints of the real classes, with the real processors made for small pictures."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers
from torch import nn
from transformers import (
    GenerationConfig,
    Idefics3Config,
    Idefics3ForConditionalGeneration,
    Idefics3ImageProcessor,
    Idefics3Processor,
    LlamaConfig,
    PreTrainedModel,
    PreTrainedTokenizerFast,
    Qwen2_5_VLConfig,
    Qwen2_5_VLForConditionalGeneration,
    Qwen2_5_VLProcessor,
    Qwen2VLConfig,
    Qwen2VLForConditionalGeneration,
    Qwen2VLImageProcessor,
    Qwen2VLProcessor,
    Qwen2VLVideoProcessor,
    SmolVLMConfig,
    SmolVLMForConditionalGeneration,
    SmolVLMImageProcessor,
    SmolVLMProcessor,
    SmolVLMVideoProcessor,
)

TILE = 32
SIDE = 4
"""Tokens along the side of a tile."""

LONGEST = 96
"""The longest side of a picture before it is cut into tiles."""

MOST = 12
"""The most tokens that a checkpoint wants to write."""

PATCH = 6
"""Side of a patch of a Qwen model, four of which make a token."""

QWEN_PIXELS = {"shortest_edge": 144 * 4, "longest_edge": 144 * 60}

_TEXT = "Describe the picture in one sentence. Answer with a word or a short phrase. What color is the red star? "
_SMOLVLM_SPECIAL = (
    *("<|endoftext|>", "<|im_start|>", "<|im_end|>", "<end_of_utterance>"),
    *("<fake_token_around_image>", "<image>", "<global-img>", "<video>"),
    *(f"<row_{i}_col_{j}>" for i in range(1, 5) for j in range(1, 5)),
)
_SMOLVLM_TEMPLATE = (
    "<|im_start|>{% for message in messages %}{{message['role'] | capitalize}}"
    "{% if message['content'][0]['type'] == 'image' %}{{':'}}{% else %}{{': '}}{% endif %}"
    "{% for line in message['content'] %}{% if line['type'] == 'text' %}{{line['text']}}"
    "{% elif line['type'] == 'image' %}{{ '<image>' }}{% endif %}{% endfor %}<end_of_utterance>\n"
    "{% endfor %}{% if add_generation_prompt %}{{ 'Assistant:' }}{% endif %}"
)
_QWEN_SPECIAL = (
    *("<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|vision_start|>", "<|vision_end|>"),
    *("<|image_pad|>", "<|video_pad|>"),
)
_QWEN_TEMPLATE = (
    "{% for message in messages %}{% if loop.first %}<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n"
    "{% endif %}<|im_start|>{{ message['role'] }}\n{% for line in message['content'] %}"
    "{% if line['type'] == 'image' %}<|vision_start|><|image_pad|><|vision_end|>"
    "{% else %}{{ line['text'] }}{% endif %}{% endfor %}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def make_tokenizer(special: tuple[str, ...], **named: str) -> PreTrainedTokenizerFast:
    """A small byte-level BPE tokenizer that knows these special tokens."""
    inner = Tokenizer(models.BPE())
    inner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    inner.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=330, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False
    )
    inner.train_from_iterator([_TEXT] * 4, trainer)
    inner.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in special])
    return PreTrainedTokenizerFast(tokenizer_object=inner, **named)


def make_smolvlm(model_class: type[PreTrainedModel], seed: int = 0) -> tuple[PreTrainedModel, Any]:
    """A SmolVLM or Idefics3, whichever class is given, and its processor."""
    tokenizer = make_tokenizer(
        _SMOLVLM_SPECIAL, unk_token="<|endoftext|>", eos_token="<end_of_utterance>", pad_token="<|im_end|>"
    )
    sizes = {"size": {"longest_edge": LONGEST}, "max_image_size": {"longest_edge": TILE}}
    common: dict[str, Any] = {"image_seq_len": SIDE**2, "chat_template": _SMOLVLM_TEMPLATE}
    processor: Any
    if model_class is SmolVLMForConditionalGeneration:
        video = SmolVLMVideoProcessor(**sizes)
        processor = SmolVLMProcessor(SmolVLMImageProcessor(**sizes), tokenizer, video, **common)
    else:
        processor = Idefics3Processor(Idefics3ImageProcessor(**sizes), tokenizer, **common)
    text = LlamaConfig(
        vocab_size=len(tokenizer) + 3,
        hidden_size=48,
        intermediate_size=96,
        num_hidden_layers=3,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=1024,
        pad_token_id=tokenizer.pad_token_id,
    )
    vision = {
        "hidden_size": 32,
        "intermediate_size": 64,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "image_size": TILE,
        "patch_size": TILE // SIDE // 2,
    }
    config_class = SmolVLMConfig if model_class is SmolVLMForConditionalGeneration else Idefics3Config
    config = config_class(
        text_config=text,
        vision_config=vision,
        scale_factor=2,
        image_token_id=processor.image_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    return _drawn(model_class(config), tokenizer, seed), processor


def make_qwen(model_class: type[PreTrainedModel], seed: int = 0) -> tuple[PreTrainedModel, Any]:
    """A Qwen2.5-VL or Qwen2-VL, whichever class is given, and its processor."""
    tokenizer = make_tokenizer(_QWEN_SPECIAL, eos_token="<|im_end|>", pad_token="<|endoftext|>")
    sizes: dict[str, Any] = {"patch_size": PATCH, "merge_size": 2, "size": QWEN_PIXELS}
    newer = model_class is Qwen2_5_VLForConditionalGeneration
    processor: Any = (Qwen2_5_VLProcessor if newer else Qwen2VLProcessor)(
        Qwen2VLImageProcessor(**sizes), tokenizer, Qwen2VLVideoProcessor(**sizes), chat_template=_QWEN_TEMPLATE
    )
    text = {
        "vocab_size": len(tokenizer) + 3,
        "hidden_size": 48,
        "intermediate_size": 96,
        "num_hidden_layers": 3,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "max_position_embeddings": 1024,
        "rope_parameters": {"rope_type": "default", "rope_theta": 10000.0, "mrope_section": [2, 2, 2]},
    }
    vision = {"depth": 2, "num_heads": 2, "patch_size": PATCH, "spatial_merge_size": 2}
    if newer:
        vision |= {"hidden_size": 32, "intermediate_size": 64, "out_hidden_size": 48}
        vision |= {"window_size": 4 * PATCH, "fullatt_block_indexes": [1]}
    else:
        vision |= {"embed_dim": 32, "hidden_size": 48, "mlp_ratio": 2}
    config = (Qwen2_5_VLConfig if newer else Qwen2VLConfig)(
        text_config=text,
        vision_config=vision,
        image_token_id=processor.image_token_id,
        video_token_id=processor.video_token_id,
        vision_start_token_id=tokenizer.convert_tokens_to_ids("<|vision_start|>"),
        vision_end_token_id=tokenizer.convert_tokens_to_ids("<|vision_end|>"),
    )
    return _drawn(model_class(config), tokenizer, seed), processor


MAKERS = {
    SmolVLMForConditionalGeneration: make_smolvlm,
    Idefics3ForConditionalGeneration: make_smolvlm,
    Qwen2_5_VLForConditionalGeneration: make_qwen,
    Qwen2VLForConditionalGeneration: make_qwen,
}
"""Every class, and what makes a checkpoint of it."""


def save(folder: Path, model: PreTrainedModel, processor: Any) -> Path:
    """The checkpoint's folder."""
    model.save_pretrained(folder)
    processor.save_pretrained(folder)
    return folder


def _drawn(model: PreTrainedModel, tokenizer: PreTrainedTokenizerFast, seed: int) -> PreTrainedModel:
    torch.manual_seed(seed)
    model = model.eval().requires_grad_(False)
    for module in model.modules():
        if isinstance(module, nn.Linear | nn.Conv2d | nn.Conv3d | nn.Embedding):
            module.weight.normal_(0.0, 0.15)
    # Sharp enough that a likely answer is no accident of rounding.
    stack = getattr(model.model, "text_model", None) or model.model.language_model
    stack.norm.weight.mul_(4.0)
    model.generation_config = GenerationConfig(
        eos_token_id=tokenizer.eos_token_id, pad_token_id=tokenizer.pad_token_id, max_new_tokens=MOST
    )
    return model
