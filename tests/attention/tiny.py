"""A tiny seeded random checkpoint of every architecture, what to give it, and where its attention lives."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

import torch
from torch import Tensor, nn
from transformers import (
    ASTConfig,
    ASTModel,
    BertConfig,
    BertModel,
    BlipForConditionalGeneration,
    BlipForQuestionAnswering,
    CLIPConfig,
    CLIPModel,
    DistilBertConfig,
    DistilBertModel,
    HubertConfig,
    HubertModel,
    Idefics3Config,
    Idefics3ForConditionalGeneration,
    PreTrainedModel,
    Qwen2_5_VLConfig,
    Qwen2_5_VLForConditionalGeneration,
    RobertaConfig,
    RobertaModel,
    SiglipConfig,
    SiglipModel,
    SmolVLMConfig,
    SmolVLMForConditionalGeneration,
    ViltConfig,
    ViltModel,
    Wav2Vec2Config,
    Wav2Vec2Model,
    WavLMConfig,
    WavLMModel,
    WhisperConfig,
    WhisperForConditionalGeneration,
)

from mm_demo.attention import registry
from mm_demo.attention.recorder import Site
from mm_demo.models.speech.wavlm import show_heads
from tests.checkpoints import TINY, make_model

Pad = Literal["none", "left", "right"]

LONG, SHORT = 10, 7
"""Tokens of the two texts of a batch."""

IMAGE_TOKEN, PAD_TOKEN = 5, 0
_SHAPE = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 48}
_PICTURE = {**_SHAPE, "image_size": 32, "patch_size": 8}
_SOUND = {**_SHAPE, "conv_dim": (8,) * 7, "num_conv_pos_embeddings": 16, "num_conv_pos_embedding_groups": 4}
_TEXT = {**_SHAPE, "vocab_size": 40, "max_position_embeddings": 60, "pad_token_id": PAD_TOKEN}
_GROUPED = {**_TEXT, "num_key_value_heads": 2, "bos_token_id": 1, "eos_token_id": 2, "tie_word_embeddings": False}


@dataclass(frozen=True)
class Stack:
    """Layers of one kind of attention.

    Attributes:
        layers: path of the list of layers in the part that runs.
        module: path of the attention within a layer.
        output: name of eager's own attentions in that part's output.
        query: "text" where the batch's padding is the queries', so that rows of padding mean nothing.
        key: name of the segment that is looked at.
    """

    layers: str
    module: str
    output: str = "attentions"
    query: str = "text"
    key: str = "text"

    def sites(self, part: nn.Module) -> list[Site]:
        """One for each layer."""
        kind: Literal["self", "cross"] = "self" if self.query == self.key else "cross"
        modules = [layer.get_submodule(self.module) for layer in part.get_submodule(self.layers).children()]
        return [Site(module, i, kind, self.query, self.key) for i, module in enumerate(modules)]


@dataclass(frozen=True)
class Case:
    """One architecture, or the part of it that runs.

    Attributes:
        name: as a person would say it.
        make: the whole random model.
        inputs: what the part is given, two examples; the second is shorter where something is padded.
        stacks: where attention lives; layer after layer, each layer's in this order.
        part: path of the part of the model that runs.
        pads: the sides on which the family pads.
        registry: it goes through the transformers attention registry; otherwise it computes attention eagerly.
        says: what its forward must be asked for so that modules hand out their weights.
    """

    name: str
    make: Callable[[], PreTrainedModel]
    inputs: Callable[[Pad], dict[str, Any]]
    stacks: tuple[Stack, ...]
    part: str = ""
    pads: tuple[Pad, ...] = ("none",)
    registry: bool = True
    says: dict[str, bool] = field(default_factory=dict)

    def open(self, *, record: bool) -> tuple[PreTrainedModel, nn.Module]:
        """The model with its random weights, always the same, and the part that runs; eager where not `record`."""
        torch.manual_seed(len(self.name))
        model = self.make().eval().requires_grad_()
        roughen(model)
        if self.registry:
            model.set_attn_implementation(registry.REGISTRY_NAME if record else "eager")
        elif record:
            show_heads(model)
        return model, model.get_submodule(self.part)

    def sites(self, part: nn.Module) -> list[Site]:
        """All stacks'."""
        return [site for stack in self.stacks for site in stack.sites(part)]


def roughen(model: nn.Module) -> None:
    """Give weights the spread of a trained model's: initial ones make attention so even that any map would do."""
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if parameter.ndim < 2:
                spread = 0.1 if name.endswith("bias") else 0.0
            elif any(part in name for part in ("embed", "token", "position")):
                spread = 0.7
            else:
                spread = 1.6 / (parameter.numel() / parameter.shape[0]) ** 0.5
            if spread:
                parameter.copy_(torch.randn(parameter.shape, generator=generator) * spread)


def noise(*shape: int, seed: int = 2) -> Tensor:
    """Standard normal."""
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def words(pad: Pad) -> dict[str, Any]:
    """Two texts, the second shorter by three tokens where something is padded: input_ids, attention_mask."""
    ids = torch.randint(10, 30, (2, LONG), generator=torch.Generator().manual_seed(3))
    mask = torch.ones(2, LONG, dtype=torch.long)
    missing = {"none": slice(0, 0), "left": slice(0, LONG - SHORT), "right": slice(SHORT - LONG, None)}[pad]
    mask[1, missing] = 0
    return {"input_ids": torch.where(mask == 1, ids, PAD_TOKEN), "attention_mask": mask}


def _pixels(pad: Pad) -> dict[str, Any]:
    return {"pixel_values": noise(2, 3, 32, 32)}


def _patched(pad: Pad) -> dict[str, Any]:
    """The second picture covers three of four columns."""
    kept = torch.ones(2, 4, 4, dtype=torch.bool)
    if pad == "right":
        kept[1, :, 3] = False
    return {**_pixels(pad), "patch_attention_mask": kept}


def _samples(pad: Pad) -> dict[str, Any]:
    mask = torch.ones(2, 4000, dtype=torch.long)
    if pad == "right":
        mask[1, 2600:] = 0
    return {"input_values": noise(2, 4000) * mask, "attention_mask": mask}


def _heard(pad: Pad) -> dict[str, Any]:
    given = words(pad)
    return {
        "input_features": noise(2, 8, 40),
        "decoder_input_ids": given["input_ids"],
        "decoder_attention_mask": given["attention_mask"],
    }


def tiled(pad: Pad) -> dict[str, Any]:
    """A text with a picture of four tokens in it, as Idefics3 and SmolVLM take it."""
    given = words(pad)
    given["input_ids"][:, LONG - SHORT : SHORT] = IMAGE_TOKEN
    return {**given, "pixel_values": noise(2, 1, 3, 32, 32)}


def merged(pad: Pad) -> dict[str, Any]:
    """The same as Qwen2.5-VL takes it: pictures of 4 × 4 patches, merged two by two."""
    given = words(pad)
    given["input_ids"][:, LONG - SHORT : SHORT] = IMAGE_TOKEN
    kinds = (given["input_ids"] == IMAGE_TOKEN).int()
    grid = torch.tensor([[1, 4, 4]] * 2)
    return {**given, "pixel_values": noise(32, 3 * 2 * 8 * 8), "image_grid_thw": grid, "mm_token_type_ids": kinds}


def _asked(pad: Pad) -> dict[str, Any]:
    return {**words(pad), **_pixels(pad)}


def _read(pad: Pad) -> dict[str, Any]:
    return {**words(pad), "encoder_hidden_states": noise(2, 17, TINY.dim)}


def _clip() -> CLIPModel:
    text = {**_TEXT, "bos_token_id": 2, "eos_token_id": 3}
    return CLIPModel(CLIPConfig(text_config=text, vision_config=_PICTURE, projection_dim=24))


def _siglip() -> SiglipModel:
    return SiglipModel(SiglipConfig(text_config={**_TEXT, "projection_size": 32}, vision_config=_PICTURE))


def _whisper() -> WhisperForConditionalGeneration:
    config = WhisperConfig(
        vocab_size=40, num_mel_bins=8, d_model=32, encoder_layers=2, decoder_layers=2, encoder_attention_heads=4,
        decoder_attention_heads=4, encoder_ffn_dim=48, decoder_ffn_dim=48, max_source_positions=20,
        max_target_positions=40, pad_token_id=0, bos_token_id=1, eos_token_id=2, decoder_start_token_id=1,
        suppress_tokens=None, begin_suppress_tokens=None,
    )  # fmt: skip
    return WhisperForConditionalGeneration(config)


def _smolvlm() -> SmolVLMForConditionalGeneration:
    text = {"model_type": "llama", **_GROUPED}
    return SmolVLMForConditionalGeneration(
        SmolVLMConfig(text_config=text, vision_config=_PICTURE, image_token_id=IMAGE_TOKEN, pad_token_id=PAD_TOKEN)
    )


def _idefics3() -> Idefics3ForConditionalGeneration:
    text = {"model_type": "llama", **_GROUPED}
    return Idefics3ForConditionalGeneration(
        Idefics3Config(text_config=text, vision_config=_PICTURE, image_token_id=IMAGE_TOKEN, pad_token_id=PAD_TOKEN)
    )


def qwen(**text: Any) -> Qwen2_5_VLForConditionalGeneration:
    """Qwen2.5-VL, whose vision looks at windows of 4 × 4 patches in its first layer; `text` changes its text stack."""
    vision = {
        "depth": 2, "hidden_size": 32, "intermediate_size": 48, "num_heads": 4, "patch_size": 8, "window_size": 32,
        "out_hidden_size": 32, "fullatt_block_indexes": [1],
    }  # fmt: skip
    rope = {"rope_type": "default", "mrope_section": [1, 1, 2], "rope_theta": 10_000.0}
    special = {"image_token_id": IMAGE_TOKEN, "video_token_id": 6, "vision_start_token_id": 7, "vision_end_token_id": 8}
    return Qwen2_5_VLForConditionalGeneration(
        Qwen2_5_VLConfig(text_config={**_GROUPED, "rope_parameters": rope, **text}, vision_config=vision, **special)
    )


_ENCODER = (Stack("encoder.layers", "self_attn"),)
_SAW = (Stack("encoder.layers", "self_attn", query="image", key="image"),)
_HEARD = (Stack("encoder.layers", "attention", query="sound", key="sound"),)
_WROTE = (Stack("model.text_model.layers", "self_attn"),)
_BERT = (Stack("encoder.layer", "attention.self"),)
_BLIP = (
    Stack("encoder.layer", "attention.self"),
    Stack("encoder.layer", "crossattention.self", output="cross_attentions", key="image"),
)
_WHISPER = (
    Stack("model.encoder.layers", "self_attn", output="encoder_attentions", query="sound", key="sound"),
    Stack("model.decoder.layers", "self_attn", output="decoder_attentions"),
    Stack("model.decoder.layers", "encoder_attn", output="cross_attentions", key="sound"),
)
_BOTH: tuple[Pad, ...] = ("none", "left", "right")
_RIGHT: tuple[Pad, ...] = ("none", "right")

CASES = (
    Case("CLIP vision", _clip, _pixels, _SAW, "vision_model"),
    Case("CLIP text", _clip, words, _ENCODER, "text_model", _RIGHT),
    Case("SigLIP vision", _siglip, _pixels, _SAW, "vision_model"),
    Case("SigLIP text", _siglip, words, _ENCODER, "text_model", _RIGHT),
    Case("Wav2Vec2", lambda: Wav2Vec2Model(Wav2Vec2Config(**_SOUND)), _samples, _HEARD, "", _RIGHT),
    Case("HuBERT", lambda: HubertModel(HubertConfig(**_SOUND)), _samples, _HEARD, "", _RIGHT),
    Case("WavLM", lambda: WavLMModel(WavLMConfig(**_SOUND)), _samples, _HEARD, "", _RIGHT, registry=False),
    Case(
        "AST",
        lambda: ASTModel(ASTConfig(**_SHAPE, num_mel_bins=32, max_length=64, patch_size=8)),
        lambda pad: {"input_values": noise(2, 64, 32)},
        (Stack("layers", "attention", query="sound", key="sound"),),
    ),
    Case("Whisper", _whisper, _heard, _WHISPER, "", _BOTH),
    Case("BERT", lambda: BertModel(BertConfig(**_TEXT)), words, _BERT, "", _RIGHT),
    Case("RoBERTa", lambda: RobertaModel(RobertaConfig(**_TEXT)), words, _BERT, "", _RIGHT),
    Case(
        "DistilBERT",
        lambda: DistilBertModel(DistilBertConfig(vocab_size=40, dim=32, hidden_dim=48, n_layers=2, n_heads=4)),
        words,
        (Stack("transformer.layer", "attention"),),
        "",
        _RIGHT,
    ),
    Case("Idefics3 vision", _idefics3, _patched, _SAW, "model.vision_model", _RIGHT),
    Case("Idefics3 text", _idefics3, tiled, _WROTE, "", _BOTH),
    Case("SmolVLM vision", _smolvlm, _patched, _SAW, "model.vision_model", _RIGHT),
    Case("SmolVLM text", _smolvlm, tiled, _WROTE, "", _BOTH),
    Case("Qwen2.5-VL text", qwen, merged, (Stack("model.language_model.layers", "self_attn"),), "", _BOTH),
    Case(
        "ViLT",
        lambda: ViltModel(ViltConfig(**_TEXT | {"image_size": 32, "patch_size": 8})),
        _asked,
        (Stack("encoder.layer", "attention.attention", query="joint", key="joint"),),
        "",
        _RIGHT,
        registry=False,
        says={"output_attentions": True},
    ),
    Case("BLIP vision", lambda: make_model(BlipForQuestionAnswering, TINY), _pixels, _SAW, "vision_model",
         registry=False),
    Case("BLIP question", lambda: make_model(BlipForQuestionAnswering, TINY), _read, _BLIP, "text_encoder", _RIGHT,
         registry=False),
    Case("BLIP caption", lambda: make_model(BlipForConditionalGeneration, TINY), _read, _BLIP, "text_decoder.bert",
         _RIGHT, registry=False),
)  # fmt: skip
