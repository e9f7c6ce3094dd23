"""Where queries see only some keys: caches of every kind, sliding windows, and pictures looked at by the window."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor
from transformers import AttentionInterface, StaticCache
from transformers.models.qwen2_5_vl.modeling_qwen2_5_vl import eager_attention_forward

from mm_demo.attention.recorder import REGISTRY_NAME, Recorder, Site, to_records
from tests.attention.test_exact import TOLERANCE, unevenness
from tests.attention.tiny import LONG, Pad, noise, qwen, roughen, words

REFERENCE = "tests_reference"


def _model(**text: object) -> tuple[torch.nn.Module, list[Site]]:
    """Text only: its two layers."""
    model = qwen(**text).eval()
    roughen(model)
    layers = model.model.language_model.layers
    return model, [Site(layer.self_attn, i, "self", "text", "text") for i, layer in enumerate(layers)]


def _both(
    model: torch.nn.Module, sites: list[Site], given: list[dict[str, object]]
) -> tuple[list[Tensor], list[Tensor]]:
    """Recorded and eager's weights of several calls in a row, every layer of each; a cache goes from call to call."""
    found: list[Tensor] = []
    expected: list[Tensor] = []
    for name in (REGISTRY_NAME, "eager"):
        model.set_attn_implementation(name)
        cache = None
        for inputs in given:
            make = inputs.get("make_cache")
            cache = make() if callable(make) else cache
            rest = {key: value for key, value in inputs.items() if key != "make_cache"}
            recorder = Recorder(sites)
            with torch.no_grad(), recorder.active():
                output = model(**rest, past_key_values=cache, use_cache=True, output_attentions=name == "eager")
            cache = output.past_key_values
            found += [weights for _, weights in recorder.take()]
            expected += output.attentions if name == "eager" else []
    return found, expected


def _assert_equal(found: list[Tensor], expected: list[Tensor], calls: int) -> None:
    assert len(found) == len(expected) == 2 * calls
    for mine, eager in zip(found, expected, strict=True):
        assert unevenness(eager) > 0.2
        torch.testing.assert_close(mine, eager, atol=TOLERANCE, rtol=0)


@pytest.mark.parametrize("pad", ["none", "right"])
def test_a_text_continued_after_a_cache_sees_what_came_before(pad: Pad) -> None:
    model, sites = _model()
    given, cut = words(pad), 4
    first = {name: x[:, :cut] for name, x in given.items()}
    second = {"input_ids": given["input_ids"][:, cut:], "attention_mask": given["attention_mask"]}
    found, expected = _both(model, sites, [first, second])
    _assert_equal(found, expected, calls=2)
    assert float(found[-1][0, :, 0, cut + 1 :].abs().max()) == 0.0 < float(found[-1][0, :, 0, :cut].min())


def test_a_cache_with_room_to_spare_gives_the_room_no_weight() -> None:
    model, sites = _model()
    ids, room = words("none")["input_ids"], LONG + 6

    def make_cache() -> StaticCache:
        return StaticCache(config=model.config.get_text_config(), max_cache_len=room)

    found, expected = _both(model, sites, [{"input_ids": ids, "make_cache": make_cache}, {"input_ids": ids[:, :1]}])
    _assert_equal(found, expected, calls=2)
    assert found[0].shape[-1] == room
    assert float(found[0][..., LONG:].abs().max()) == 0.0


def test_a_sliding_window_hides_what_is_far_behind() -> None:
    model, sites = _model(use_sliding_window=True, sliding_window=4, max_window_layers=1)
    found, expected = _both(model, sites, [words("none"), {"input_ids": words("none")["input_ids"][:, :1]}])
    _assert_equal(found, expected, calls=2)
    whole, window = found[:2]
    assert float(whole[:, :, -1, : LONG - 4].min()) > 0.0
    assert float(window[:, :, -1, : LONG - 4].abs().max()) == 0.0


def test_windows_of_a_picture_are_recorded_one_by_one() -> None:
    """Qwen2.5-VL's vision hands no weights out: the library's eager function is listened to instead."""
    vision = qwen().model.visual.eval()
    roughen(vision)
    pixels, grid = noise(32 + 24, 3 * 2 * 8 * 8), torch.tensor([[1, 4, 8], [1, 6, 4]])
    heard: list[Tensor] = []

    def reference(module: torch.nn.Module, *tensors: Tensor, **options: object) -> tuple[Tensor, Tensor]:
        output, weights = eager_attention_forward(module, *tensors, **options)
        heard.append(weights)
        return output, weights

    AttentionInterface.register(REFERENCE, reference)
    vision.config._attn_implementation = REFERENCE
    score = vision(pixels, grid).last_hidden_state.mul(noise(1, 32)).sum()
    gradients = torch.autograd.grad(score, heard)
    vision.config._attn_implementation = REGISTRY_NAME
    sites = [Site(block.attn, i, "self", "image", "image") for i, block in enumerate(vision.blocks)]
    recorder = Recorder(sites, differentiable=True)
    with recorder.active():
        score = vision(pixels, grid).last_hidden_state.mul(noise(1, 32)).sum()
    records = to_records(recorder.take(), score)
    assert [(record.layer, record.weights.shape[1]) for record in records] == [
        *((0, size) for size in (16, 16, 16, 8)),
        *((1, size) for size in (32, 24)),
    ]
    for record, weights, gradient in zip(records, heard, gradients, strict=True):
        assert record.gradient is not None
        assert unevenness(weights) > 0.2
        torch.testing.assert_close(record.weights, weights[0].detach(), atol=TOLERANCE, rtol=0)
        torch.testing.assert_close(record.gradient, gradient[0], atol=1e-4 * float(gradient.abs().max()), rtol=0)
