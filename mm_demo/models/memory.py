"""The memory of an accelerator, as far as models that move in and out of it need to know it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import torch
from torch import Tensor

from mm_demo.models.device import Device


class DeviceMemory(Protocol):
    """What a pool of models asks of the memory that it fills."""

    def free(self) -> int:
        """Bytes that new tensors may take."""
        ...

    def bring_in(self, tensors: Sequence[Tensor]) -> list[Tensor]:
        """Move the values of tensors in.

        Returns:
            What `move_out` wants to have back.

        Raises:
            RuntimeError: of the kind that `is_out_of_memory` knows; all tensors are then where they were.
        """
        ...

    def move_out(self, tensors: Sequence[Tensor], homes: Sequence[Tensor]) -> None:
        """Move the values of tensors back into main memory.

        Args:
            tensors: as given to `bring_in`.
            homes: what it returned.
        """
        ...


class AcceleratorMemory:
    """A `DeviceMemory` of CUDA or MPS.

    Weights don't change while they are used. So a graphics card's are copies: what they were copied from stays in main
    memory, and moving out is to forget the copy. MPS shares main memory, where a copy would be a waste.

    Args:
        device: "cuda:N" or "mps".
    """

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._shared = device.type == "mps"

    def free(self) -> int:
        """Bytes that new tensors may take, those that torch keeps for itself among them."""
        if self._shared:
            return int(torch.mps.recommended_max_memory() - torch.mps.current_allocated_memory())
        kept = torch.cuda.memory_reserved(self._device) - torch.cuda.memory_allocated(self._device)
        return int(torch.cuda.mem_get_info(self._device)[0] + kept)

    def bring_in(self, tensors: Sequence[Tensor]) -> list[Tensor]:
        """As `DeviceMemory.bring_in`."""
        homes = [tensor.data for tensor in tensors]
        try:
            # Made in the caller's inference mode, no graph could ever be drawn through them.
            with torch.inference_mode(False):
                for tensor, home in zip(tensors, homes, strict=True):
                    tensor.data = home.to(self._device)
        except BaseException:
            self._put(tensors, homes)
            raise
        return [] if self._shared else homes

    def move_out(self, tensors: Sequence[Tensor], homes: Sequence[Tensor]) -> None:
        """As `DeviceMemory.move_out`."""
        with torch.inference_mode(False):
            self._put(tensors, [tensor.data.cpu() for tensor in tensors] if self._shared else homes)

    def _put(self, tensors: Sequence[Tensor], homes: Sequence[Tensor]) -> None:
        for tensor, home in zip(tensors, homes, strict=True):
            tensor.data = home
        # What stays cached in torch is in pieces of the wrong size for the next model, and lost for other programs.
        torch.mps.empty_cache() if self._shared else torch.cuda.empty_cache()


def memory_of(where: Device) -> DeviceMemory | None:
    """The memory that a model's weights must be brought into to run there; None for the CPU, where they always are."""
    return None if where.device.type == "cpu" else AcceleratorMemory(where.device)


def is_out_of_memory(error: BaseException) -> bool:
    """Whether a device's memory was too small: CUDA has a class for it, MPS only words."""
    return isinstance(error, torch.OutOfMemoryError) or (
        isinstance(error, RuntimeError) and "out of memory" in str(error).lower()
    )
