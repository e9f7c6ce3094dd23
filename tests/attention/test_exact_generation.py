"""Of every family that writes: the rows recorded while it generates are eager's, and belong to their beam."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn
from transformers import GenerationMixin

from mm_demo.attention.recorder import Recorder
from tests.attention.test_exact import TOLERANCE, unevenness
from tests.attention.tiny import CASES, IMAGE_TOKEN, Case, Stack

NEW = 5
"""Tokens to write, no more and no fewer."""

LAYERS = 2
NAMES = ("Whisper", "Idefics3 text", "SmolVLM text", "Qwen2.5-VL text", "BLIP caption")
WAYS = [
    pytest.param(case, beams, cache, id=f"{case.name}-{beams} beams-{'with' if cache else 'no'} cache")
    for case in CASES
    if case.name in NAMES
    for beams in (1, 3)
    for cache in (True, False)
]
writers = pytest.mark.parametrize(("case", "beams", "cache"), WAYS)


def _writer(case: Case, *, record: bool) -> nn.Module:
    model, part = case.open(record=record)
    return model.text_decoder if case.name == "BLIP caption" else part


def _inputs(case: Case) -> dict[str, Any]:
    """Two prompts, where the family has any: the second is shorter and padded on the left."""
    inputs = case.inputs("left" if case.name.endswith("text") else "none")
    if case.name == "Whisper":
        inputs = {"input_features": inputs["input_features"], "decoder_input_ids": torch.full((2, 3), 7)}
    return inputs


def _generate(model: nn.Module, inputs: dict[str, Any], beams: int, cache: bool, **options: bool) -> Any:
    return GenerationMixin.generate(
        model, **inputs, **options, num_beams=beams, use_cache=cache, do_sample=False, min_new_tokens=NEW,
        max_new_tokens=NEW, return_dict_in_generate=True, suppress_tokens=[IMAGE_TOKEN],
    )  # fmt: skip


def _stacks(case: Case) -> list[Stack]:
    return [stack for stack in case.stacks if stack.query == "text"]


def _recorded(case: Case, beams: int, cache: bool) -> tuple[Any, list[list[Tensor]]]:
    """What was generated, and for each stack each step's last row of every layer, layers of one step together."""
    model = _writer(case, record=True)
    part = model.get_submodule("bert") if case.name == "BLIP caption" else model
    recorder = Recorder([site for stack in _stacks(case) for site in stack.sites(part)])
    recorder.queries = torch.tensor([-1])
    with recorder.hooked(), recorder.active():
        output = _generate(model, _inputs(case), beams, cache)
    taken = recorder.take()
    assert [site.layer for site, _ in taken] == [i for i in range(LAYERS) for _ in _stacks(case)] * NEW
    return output, [[w for site, w in taken if site.key == stack.key] for stack in _stacks(case)]


@writers
def test_rows_of_generation_equal_eager(case: Case, beams: int, cache: bool) -> None:
    output, found = _recorded(case, beams, cache)
    eager = _generate(_writer(case, record=False), _inputs(case), beams, cache, output_attentions=True)
    assert torch.equal(output.sequences, eager.sequences)
    for stack, mine in zip(_stacks(case), found, strict=True):
        own = stack.output if case.name == "Whisper" else "attentions"
        if stack.output == "cross_attentions" and own == "attentions":
            continue  # BLIP's generate keeps these to itself: the next test has them
        steps = [weights for step in eager[own] for weights in step]
        assert sum(unevenness(weights[:, :, -1]) for weights in steps) / len(steps) > 0.2
        for weights, expected in zip(mine, steps, strict=True):
            assert weights.shape[2] == 1
            torch.testing.assert_close(weights, expected[:, :, -1:], atol=TOLERANCE, rtol=0)


@writers
def test_a_row_belongs_to_the_beam_that_wrote_the_token(case: Case, beams: int, cache: bool) -> None:
    output, found = _recorded(case, beams, cache)
    came_from = output.beam_indices if beams > 1 else torch.arange(2)[:, None].expand(2, NEW)
    if beams > 1:
        moved = came_from[:, 1:] != came_from[:, :-1]
        assert bool(moved.any()), "no beam ever changed its row: nothing is tested"
    read = _read_again(case, output.sequences)
    for stack, mine in zip(_stacks(case), found, strict=True):
        for step in range(NEW):
            for layer in range(LAYERS):
                row = mine[LAYERS * step + layer][came_from[:, step], :, 0]
                expected = read[stack.output][layer][:, :, step - NEW, : row.shape[-1]]
                torch.testing.assert_close(row, expected, atol=TOLERANCE, rtol=0)


def _read_again(case: Case, sequences: Tensor) -> Any:
    """Eager attention over the finished texts but their last token, each in one go, without a cache."""
    inputs = _inputs(case)
    ids = sequences[:, :-1]
    more = ids.shape[1] - inputs.get("input_ids", ids).shape[1]
    if case.name == "Whisper":
        inputs["decoder_input_ids"] = ids
    else:
        inputs["input_ids"] = ids
        inputs["attention_mask"] = nn.functional.pad(inputs["attention_mask"], (0, more), value=1)
    if "mm_token_type_ids" in inputs:
        inputs["mm_token_type_ids"] = nn.functional.pad(inputs["mm_token_type_ids"], (0, more))
    with torch.no_grad():
        return _writer(case, record=False)(**inputs, output_attentions=True)
