"""What is recorded equals what eager attention computes, for its own call only."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
import torch
from torch import Tensor, nn
from transformers import (
    BertConfig,
    BertModel,
    BlipForQuestionAnswering,
    CLIPConfig,
    CLIPModel,
    PreTrainedModel,
)
from transformers.models.blip.modeling_blip_text import BlipTextSelfAttention

from mm_demo.attention import registry
from mm_demo.attention.recorder import REGISTRY_NAME, Recorder, Site, to_records
from mm_demo.models.blip.parts import attention_sites
from tests.checkpoints import TINY, make_model

MASK = torch.tensor([[1, 1, 1, 1, 1], [1, 1, 1, 0, 0]])
IDS = torch.tensor([[2, 7, 8, 9, 3], [2, 9, 3, 0, 0]])


def _bert(seed: int = 0) -> BertModel:
    torch.manual_seed(seed)
    config = BertConfig(
        vocab_size=40, hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=64,
        initializer_range=0.3,
    )  # fmt: skip
    return BertModel(config).eval()


def _clip(seed: int = 0) -> CLIPModel:
    torch.manual_seed(seed)
    text = {
        "vocab_size": 40, "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4,
        "intermediate_size": 64, "eos_token_id": 3, "bos_token_id": 2, "pad_token_id": 0,
    }  # fmt: skip
    vision = {
        "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 64,
        "image_size": 32, "patch_size": 8,
    }  # fmt: skip
    model = CLIPModel(CLIPConfig(text_config=text, vision_config=vision)).eval()
    for name, parameter in model.named_parameters():
        if "q_proj.weight" in name or "k_proj.weight" in name:
            nn.init.normal_(parameter, std=0.3)
    return model


def _self_sites(layers: nn.ModuleList, module: str, segment: str) -> list[Site]:
    return [Site(layer.get_submodule(module), i, "self", segment, segment) for i, layer in enumerate(layers)]


def _recorded(model: nn.Module, sites: list[Site], **inputs: Tensor) -> list[Tensor]:
    recorder = Recorder(sites)
    with torch.no_grad(), recorder.hooked(), recorder.active():
        model(**inputs)
    return [weights for _, weights in recorder.take()]


def _assert_equal(found: list[Tensor], expected: tuple[Tensor, ...]) -> None:
    assert len(found) == len(expected) > 0
    for mine, eager in zip(found, expected, strict=True):
        assert float(eager.std()) > 1e-3, "flat attention would make the comparison vacuous"
        torch.testing.assert_close(mine, eager, atol=1e-5, rtol=0)


def test_blip_question_encoder_equals_eager_with_padding() -> None:
    encoder = make_model(BlipForQuestionAnswering, TINY).text_encoder
    image = torch.randn(2, 17, TINY.dim, generator=torch.Generator().manual_seed(1))
    inputs = {"input_ids": IDS, "attention_mask": MASK, "encoder_hidden_states": image}
    found = _recorded(encoder, attention_sites(encoder, "question", "image"), **inputs)
    with torch.no_grad():
        eager = encoder(**inputs, output_attentions=True)
    _assert_equal(found[0::2], eager.attentions)
    _assert_equal(found[1::2], eager.cross_attentions)
    assert float(found[0][1, :, :, 3:].abs().max()) == 0.0


def test_blip_vision_equals_eager() -> None:
    vision = make_model(BlipForQuestionAnswering, TINY).vision_model
    pixels = torch.randn(2, 3, TINY.image, TINY.image, generator=torch.Generator().manual_seed(1))
    found = _recorded(vision, _self_sites(vision.encoder.layers, "self_attn", "image"), pixel_values=pixels)
    with torch.no_grad():
        _assert_equal(found, vision(pixel_values=pixels, output_attentions=True).attentions)


def test_bert_through_the_registry_equals_eager_with_padding() -> None:
    model = _bert()
    inputs = {"input_ids": IDS, "attention_mask": MASK}
    eager, plain = _eager(model, **inputs)
    model.set_attn_implementation(REGISTRY_NAME)
    found = _recorded(model, _self_sites(model.encoder.layer, "attention.self", "text"), **inputs)
    _assert_equal(found, eager)
    with torch.no_grad():
        torch.testing.assert_close(model(**inputs).last_hidden_state[0], plain[0], atol=1e-5, rtol=0)


@pytest.mark.parametrize("tower", ["text", "vision"])
def test_clip_through_the_registry_equals_eager(tower: str) -> None:
    model = _clip()
    inputs: dict[str, Tensor]
    if tower == "text":
        part, inputs = model.text_model, {"input_ids": IDS, "attention_mask": MASK}
    else:
        pixels = torch.randn(2, 3, 32, 32, generator=torch.Generator().manual_seed(1))
        part, inputs = model.vision_model, {"pixel_values": pixels}
    eager, _ = _eager(part, **inputs)
    model.set_attn_implementation(REGISTRY_NAME)
    _assert_equal(_recorded(part, _self_sites(part.encoder.layers, "self_attn", tower), **inputs), eager)
    if tower == "text":
        assert float(eager[0].triu(1).abs().max()) == 0.0


def _eager(model: PreTrainedModel, **inputs: Tensor) -> tuple[tuple[Tensor, ...], Tensor]:
    model.set_attn_implementation("eager")
    with torch.no_grad():
        output = model(**inputs, output_attentions=True)
    return output.attentions, output.last_hidden_state


class _Grouped(nn.Module):
    """What the registry asks of a module: two query heads share each key head."""

    num_key_value_groups = 2

    def __init__(self, *, is_causal: bool) -> None:
        super().__init__()
        self.is_causal = is_causal


@pytest.mark.parametrize("mask", ["none", "causal", "boolean", "additive"])
def test_registry_weights_reproduce_the_kernel_with_grouped_heads(mask: str) -> None:
    generator = torch.Generator().manual_seed(2)
    query = torch.randn(2, 4, 5, 8, generator=generator)
    key, value = torch.randn(2, 2, 2, 5, 8, generator=generator).unbind(0)
    allowed = torch.rand(2, 1, 5, 5, generator=generator) > 0.3
    allowed[..., 0] = True
    masks = {"boolean": allowed, "additive": torch.randn(2, 4, 5, 5, generator=generator)}
    module = _Grouped(is_causal=mask == "causal")
    expected, _ = registry.recorded_attention(module, query, key, value, masks.get(mask))
    weights = registry.attention_weights(query, key, masks.get(mask), None, mask == "causal")
    made = weights @ value.repeat_interleave(2, dim=1)
    torch.testing.assert_close(made.transpose(1, 2), expected, atol=1e-5, rtol=0)


def _finite_difference(layer: BlipTextSelfAttention, image: Tensor, weights: Tensor, at: tuple[int, ...]) -> float:
    values = layer.value(image).view(*image.shape[:2], 4, -1).transpose(1, 2)
    scores = []
    for step in (-1e-3, 1e-3):
        nudged = weights.clone()
        nudged[at] += step
        scores.append(float((nudged @ values).transpose(1, 2).flatten(2).sum()))
    return (scores[1] - scores[0]) / 2e-3


def test_gradient_equals_a_finite_difference() -> None:
    encoder = make_model(BlipForQuestionAnswering, TINY).text_encoder
    layer = encoder.encoder.layer[0].crossattention.self
    generator = torch.Generator().manual_seed(1)
    ask = torch.randn(1, 3, TINY.dim, generator=generator).requires_grad_()
    image = torch.randn(1, 17, TINY.dim, generator=generator)
    recorder = Recorder([Site(layer, 0, "cross", "question", "image")], differentiable=True)
    with recorder.hooked(), recorder.active():
        context, _ = layer(ask, encoder_hidden_states=image)
    (record,) = to_records(recorder.take(), context.sum())
    assert record.gradient is not None
    for at in ((0, 0, 0), (3, 2, 16)):
        expected = _finite_difference(layer, image, record.weights[None], (0, *at))
        assert float(record.gradient[at]) == pytest.approx(expected, abs=2e-3)


@pytest.mark.parametrize("name", ["eager", REGISTRY_NAME])
def test_registry_gradient_is_that_of_the_weights(name: str) -> None:
    model = _bert()
    model.set_attn_implementation(name)
    recorder = Recorder(_self_sites(model.encoder.layer, "attention.self", "text"), differentiable=True)
    with recorder.hooked(), recorder.active():
        score = model(input_ids=IDS, attention_mask=MASK).last_hidden_state[0, 0, 0]
    records = to_records(recorder.take(), score)
    expected = _bert()
    expected.set_attn_implementation("eager")
    output = expected(input_ids=IDS, attention_mask=MASK, output_attentions=True)
    gradients = torch.autograd.grad(output.last_hidden_state[0, 0, 0], output.attentions)
    for record, gradient in zip(records, gradients, strict=True):
        assert record.gradient is not None
        torch.testing.assert_close(record.gradient, gradient[0], atol=1e-5, rtol=1e-4)


def test_hooks_are_gone_after_an_error() -> None:
    layer = nn.MultiheadAttention(8, 2, batch_first=True)
    recorder = Recorder([Site(layer, 0, "self", "text", "text")])
    with pytest.raises(ZeroDivisionError), recorder.hooked():
        assert layer._forward_hooks
        raise ZeroDivisionError
    assert not layer._forward_hooks


def test_a_module_without_weights_is_named() -> None:
    recorder = Recorder([Site(layer := nn.Linear(2, 2), 0, "self", "text", "text")])
    with recorder.hooked(), recorder.active(), pytest.raises(RuntimeError, match="Linear returned no attention"):
        layer(torch.zeros(1, 2))


def test_nothing_is_recorded_outside_its_own_call() -> None:
    model = _bert()
    model.set_attn_implementation("eager")
    recorder = Recorder(_self_sites(model.encoder.layer, "attention.self", "text"))
    with recorder.hooked():
        model(input_ids=IDS)
        assert recorder.take() == []


@pytest.mark.parametrize("name", ["eager", REGISTRY_NAME])
def test_threads_through_one_model_get_their_own_weights(name: str) -> None:
    model = _bert()
    model.set_attn_implementation(name)
    sites = _self_sites(model.encoder.layer, "attention.self", "text")
    inputs = [torch.randint(5, 40, (1, 4 + i), generator=torch.Generator().manual_seed(i)) for i in range(8)]
    alone = [_recorded(model, sites, input_ids=ids) for ids in inputs]
    together = Barrier(8)

    def run(ids: Tensor) -> list[Tensor]:
        together.wait()
        return _recorded(model, sites, input_ids=ids)

    with ThreadPoolExecutor(8) as pool:
        for found, expected in zip(pool.map(run, inputs), alone, strict=True):
            for mine, lone in zip(found, expected, strict=True):
                torch.testing.assert_close(mine, lone, atol=1e-6, rtol=0)
    assert not any(site.module._forward_hooks for site in sites)
