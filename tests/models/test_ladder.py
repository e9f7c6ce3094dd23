"""Which places a checkpoint tries, and what is said about them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
import torch
from torch import nn

from mm_demo.errors import UserError
from mm_demo.models.device import Device, half_of
from mm_demo.models.ladder import Ladder, open_ladder
from mm_demo.models.pool import Opened, Pool
from tests.models.small_memory import CPU, PLENTY, SmallMemory

CARD = torch.device("cuda", 0)


def read(where: Device) -> Opened:
    return Opened(nn.Linear(2, 2, dtype=where.dtype), None, None, where)


def test_each_step_says_why() -> None:
    pool = Pool(SmallMemory(PLENTY))
    places = [(CARD, torch.float32, pool), (CARD, torch.float16, pool), (CPU, torch.float32, None)]
    ladder = Ladder(read, [(Device(device, dtype), own) for device, dtype, own in places])
    notes = [ladder.note]
    for _ in range(2):
        ladder.step_down(ladder.weights)
        notes.append(ladder.note)
    assert notes == [
        "",
        "It runs in float16, because the GPU's memory was too small for it in float32.",
        "It runs on the CPU, because the GPU's memory was too small for it in float16.",
    ]
    with pytest.raises(UserError, match="choose a smaller model"):
        ladder.step_down(ladder.weights)


def test_many_who_fail_at_once_take_one_step() -> None:
    steps = [Device(CPU, dtype) for dtype in (torch.float32, torch.bfloat16, torch.float16)]
    ladder = Ladder(read, [(step, None) for step in steps])
    failed = ladder.weights
    with ThreadPoolExecutor(4) as people:
        list(people.map(ladder.step_down, [failed] * 8))
    assert ladder.weights.opened.where == steps[1]


def test_on_the_cpu_there_is_one_rung() -> None:
    ladder = open_ladder(read, Device(CPU, torch.float32))
    with pytest.raises(UserError):
        ladder.step_down(ladder.weights)


def test_the_smaller_format_is_one_that_the_card_computes_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation: True)
    assert half_of(CARD) == torch.bfloat16
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation: False)
    assert half_of(CARD) == torch.float16
