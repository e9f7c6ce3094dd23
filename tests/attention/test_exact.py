"""Of every architecture: what is recorded equals what eager attention computes."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from mm_demo.attention.recorder import Recorder, Site
from tests.attention.tiny import CASES, Case, Pad, Stack

TOLERANCE = 1e-5
HALF_TOLERANCE = 0.04
"""What share of a row's weight, on average, lies elsewhere when the whole model computes in bfloat16."""

PADDED = [pytest.param(case, pad, id=f"{case.name}-{pad}") for case in CASES for pad in case.pads]
EACH = [pytest.param(case, id=case.name) for case in CASES]


def eager(case: Case, inputs: dict[str, Any], dtype: torch.dtype = torch.float32) -> list[list[Tensor]]:
    """By the library's own eager attention: for each stack its layers' weights, (batch, heads, queries, keys)."""
    _, part = case.open(record=False)
    with torch.no_grad():
        output = run(part.to(dtype), inputs, output_attentions=True)
    return [list(output[stack.output]) for stack in case.stacks]


def recorded(case: Case, inputs: dict[str, Any], dtype: torch.dtype = torch.float32, **want: Any) -> list[list[Tensor]]:
    """The same by the recorder: `layers` and `queries` choose."""
    _, part = case.open(record=True)
    part.to(dtype)
    layers = want.get("layers")
    recorder = Recorder([site for site in case.sites(part) if layers is None or site.layer in layers])
    recorder.queries = want.get("queries")
    with torch.no_grad(), recorder.hooked(), recorder.active():
        run(part, inputs, **case.says)
    return by_stack(case, recorder.take())


def by_stack(case: Case, taken: Sequence[tuple[Site, Tensor]]) -> list[list[Tensor]]:
    """What a recorder took, as `eager` gives it; layers in the order in which they ran."""
    pairs = [(stack.query, stack.key) for stack in case.stacks]
    found = [[(site.layer, w) for site, w in taken if (site.query, site.key) == pair] for pair in pairs]
    assert all([layer for layer, _ in layers] == sorted(layer for layer, _ in layers) for layers in found)
    return [[weights for _, weights in layers] for layers in found]


def run(part: nn.Module, inputs: dict[str, Any], **options: bool) -> Any:
    """A forward in the part's own precision."""
    torch.manual_seed(0)  # ViLT shuffles its patches
    dtype = next(part.parameters()).dtype
    given = {name: x.to(dtype) if x.is_floating_point() else x for name, x in inputs.items()}
    return part(**given, **options)


def real(inputs: dict[str, Any], stack: Stack, weights: Tensor) -> Tensor:
    """(batch, queries) bool: rows that are of no padding. No two ways agree on what padding looks at."""
    mask = inputs.get("decoder_attention_mask", inputs.get("attention_mask"))
    if stack.query != "text" or mask is None:
        return torch.ones(weights.shape[0], weights.shape[2], dtype=torch.bool)
    return mask.bool()


def unevenness(weights: Tensor) -> float:
    """Mean total variation distance of rows (…, keys) from even rows over the same keys, 0…1."""
    seen = weights > 0
    return float((weights.detach() - seen / seen.sum(-1, keepdim=True)).abs().sum(-1).mean() / 2)


def assert_equal(mine: Tensor, expected: Tensor, rows: Tensor) -> None:
    """Weights (batch, heads, queries, keys) agree in the rows (batch, queries) bool that count."""
    mine, expected = (weights.float().transpose(1, 2)[rows] for weights in (mine, expected))
    assert unevenness(expected) > 0.2, "even attention would make the comparison vacuous"
    torch.testing.assert_close(mine, expected, atol=TOLERANCE, rtol=0)


@pytest.mark.parametrize(("case", "pad"), PADDED)
def test_weights_equal_eager(case: Case, pad: Pad) -> None:
    inputs = case.inputs(pad)
    found, expected = recorded(case, inputs), eager(case, inputs)
    for stack, mine, others in zip(case.stacks, found, expected, strict=True):
        assert len(mine) == len(others) > 0
        for weights, other in zip(mine, others, strict=True):
            # The library's WavLM hands out the mean over heads in every head's place.
            weights = weights.mean(1, keepdim=True).expand_as(weights) if case.name == "WavLM" else weights
            assert_equal(weights, other, real(inputs, stack, weights))


@pytest.mark.parametrize(("case", "pad"), [p for p in PADDED if p.values[1] != "none"])
def test_padding_receives_nothing(case: Case, pad: Pad) -> None:
    inputs = case.inputs(pad)
    for stack, layers in zip(case.stacks, recorded(case, inputs), strict=True):
        if (stack.query, stack.key) == ("text", "text"):
            missing = ~real(inputs, stack, layers[0])
            assert all(float(w.transpose(1, 3)[missing].abs().max()) == 0.0 for w in layers)
        elif stack.key == stack.query and case.name != "Whisper":  # its encoder hears the silence after the end
            assert all(bool((w[1, 0].max(0).values == 0).any()) for w in layers)


@pytest.mark.parametrize("case", EACH)
def test_chosen_rows_are_those_of_the_whole(case: Case) -> None:
    inputs = case.inputs(case.pads[-1])
    whole, some = recorded(case, inputs), recorded(case, inputs, queries=torch.tensor([4, 1, -1]))
    for all_rows, rows in zip(chain(*whole), chain(*some), strict=True):
        assert rows.shape[2] == 3
        torch.testing.assert_close(rows, all_rows[:, :, [4, 1, all_rows.shape[2] - 1]], atol=TOLERANCE, rtol=0)


@pytest.mark.parametrize("case", EACH)
def test_chosen_layers_are_those_of_the_whole_and_no_others(case: Case) -> None:
    inputs = case.inputs(case.pads[-1])
    whole, some = recorded(case, inputs), recorded(case, inputs, layers={1})
    for all_layers, (only,) in zip(whole, some, strict=True):
        torch.testing.assert_close(only, all_layers[1], atol=TOLERANCE, rtol=0)


@pytest.mark.parametrize("case", EACH)
def test_half_precision_is_close(case: Case) -> None:
    inputs = case.inputs(case.pads[-1])
    exact, half = recorded(case, inputs), recorded(case, inputs, torch.bfloat16)
    for stack, layers, halves in zip(case.stacks, exact, half, strict=True):
        for weights, other in zip(layers, halves, strict=True):
            assert other.dtype == torch.bfloat16
            rows = real(inputs, stack, weights)
            apart = (other.float() - weights).transpose(1, 2)[rows].abs()
            assert float(apart.sum(-1).mean()) / 2 < HALF_TOLERANCE
