"""An accelerator's memory that exists only as a number, so that models can be moved on any machine."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from mm_demo.models.architecture import find_architecture
from mm_demo.models.checkpoint import read_architecture
from mm_demo.models.device import Device
from mm_demo.models.family import ModelInfo
from mm_demo.models.ladder import Ladder
from mm_demo.models.pool import Opened, Pool
from mm_demo.models.resident import Resident

CPU = torch.device("cpu")
PLENTY = 1 << 40
"""Bytes that nothing here fills."""


class SmallMemory:
    """A `DeviceMemory` of so many bytes. Weights that were moved out are empty until they are brought in again.

    Attributes:
        moves: +bytes for weights that came in, −bytes for those that went out.
    """

    def __init__(self, budget: int) -> None:
        self.budget = budget
        self.used = 0
        self.moves: list[int] = []
        self._away: dict[int, Tensor] = {}

    def free(self) -> int:
        return self.budget - self.used

    def bring_in(self, tensors: Sequence[Tensor]) -> list[Tensor]:
        values = [self._away.get(id(tensor), tensor.data) for tensor in tensors]
        size = sum(value.numel() * value.element_size() for value in values)
        if size > self.free():
            raise torch.OutOfMemoryError(f"tried to allocate {size} bytes")
        self.used += size
        self.moves.append(size)
        for tensor, value in zip(tensors, values, strict=True):
            tensor.data = value
        return values

    def move_out(self, tensors: Sequence[Tensor], homes: Sequence[Tensor]) -> None:
        size = sum(home.numel() * home.element_size() for home in homes)
        self.used -= size
        self.moves.append(-size)
        for tensor, home in zip(tensors, homes, strict=True):
            self._away[id(tensor)] = home
            tensor.data = home.new_empty(0)


def opened(model: nn.Module) -> Opened:
    """A model as if it had been read."""
    return Opened(model.eval().requires_grad_(False), None, None, Device(CPU, torch.float32))


def resident(task: str, folder: Path, *rungs: tuple[torch.dtype, Pool | None]) -> Resident:
    """A saved checkpoint as it would be opened on an accelerator."""
    architecture = find_architecture(read_architecture(folder))
    assert architecture is not None

    def read(where: Device) -> Opened:
        model = architecture.model.from_pretrained(folder, dtype=where.dtype)
        return Opened(model.eval().requires_grad_(False), architecture.processor(folder), None, where)

    def wrap(found: Opened) -> Any:
        info = ModelInfo("random", "random", "local", "cpu", found.where.dtype_name, 0, 0, 1, 1)
        return architecture.wraps[task](found.model, found.processor, info, found.familiarity)

    return Resident(Ladder(read, [(Device(CPU, dtype), pool) for dtype, pool in rungs]), wrap)
