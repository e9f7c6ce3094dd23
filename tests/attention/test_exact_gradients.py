"""Of every architecture: gradients by recorded weights equal autograd's by eager's own weights."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from mm_demo.attention.recorder import Recorder, to_records
from tests.attention.test_exact import PADDED, by_stack, real, run
from tests.attention.tiny import Case, Pad, Stack, noise

# The library's WavLM hands out a copy of its weights on which its output does not depend.
GRADED = [p for p in PADDED if p.values[0].name != "WavLM"]


def _score(output: Any, inputs: dict[str, Any]) -> Tensor:
    """Something of every element of the first output but padding."""
    first = output[0]
    mask = inputs.get("decoder_attention_mask", inputs.get("attention_mask"))
    rows = torch.ones(first.shape[:2]) if mask is None or mask.shape[1] != first.shape[1] else mask
    return (first * noise(*first.shape, seed=4) * rows[..., None]).mean()


def _eager(case: Case, inputs: dict[str, Any]) -> list[list[Tensor]]:
    _, part = case.open(record=False)
    output = run(part, inputs, output_attentions=True)
    weights = [output[stack.output] for stack in case.stacks]
    found = iter(torch.autograd.grad(_score(output, inputs), [w for layers in weights for w in layers]))
    return [[next(found) for _ in layers] for layers in weights]


def _recorded(case: Case, inputs: dict[str, Any], queries: Tensor | None) -> list[list[Tensor]]:
    _, part = case.open(record=True)
    recorder = Recorder(case.sites(part), differentiable=True)
    recorder.queries = queries
    with recorder.hooked(), recorder.active():
        score = _score(run(part, inputs, **case.says), inputs)
    taken = recorder.take()
    examples = [[record.gradient for record in to_records(taken, score, example)] for example in range(2)]
    gradients = [torch.stack([a, b]) for a, b in zip(*examples, strict=True) if a is not None and b is not None]
    return by_stack(case, [(site, gradient) for (site, _), gradient in zip(taken, gradients, strict=True)])


def _assert_equal(stack: Stack, mine: Tensor, expected: Tensor, real: Tensor, chosen: Tensor | None = None) -> None:
    """(batch, heads, queries, keys) agree in the rows, and for a text the columns, that are `real`, (batch, rows).

    No weight can lie on padding, whose values, by which that weight would be multiplied, differ between eager
    attention and the kernel.
    """
    if stack.key == "text":
        mine, expected = (g.masked_fill(~real[:, None, None], 0.0) for g in (mine, expected))
    if chosen is not None:
        expected, real = expected[:, :, chosen], real[:, chosen]
    mine, expected = (gradient.transpose(1, 2)[real] for gradient in (mine, expected))
    largest = float(expected.abs().max())
    assert largest > 1e-6
    torch.testing.assert_close(mine, expected, atol=1e-4 * largest, rtol=0)


@pytest.mark.parametrize(("case", "pad"), GRADED)
def test_gradients_equal_eager(case: Case, pad: Pad) -> None:
    inputs = case.inputs(pad)
    found, expected = _recorded(case, inputs, None), _eager(case, inputs)
    for stack, mine, others in zip(case.stacks, found, expected, strict=True):
        for gradient, other in zip(mine, others, strict=True):
            _assert_equal(stack, gradient, other, real(inputs, stack, other))


@pytest.mark.parametrize(("case", "pad"), [p for p in GRADED if p.values[0].registry])
def test_gradients_by_chosen_rows_are_those_rows_of_eager(case: Case, pad: Pad) -> None:
    inputs, chosen = case.inputs(pad), torch.tensor([5, 3, -4])
    found, expected = _recorded(case, inputs, chosen), _eager(case, inputs)
    for stack, mine, others in zip(case.stacks, found, expected, strict=True):
        for gradient, other in zip(mine, others, strict=True):
            assert gradient.shape[2] == 3
            _assert_equal(stack, gradient, other, real(inputs, stack, other), chosen % other.shape[2])
