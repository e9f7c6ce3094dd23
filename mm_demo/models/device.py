"""Where a model runs, and in which number format."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from mm_demo.errors import UserError

_DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}


@dataclass(frozen=True)
class Device:
    """A torch device and the dtype of the weights on it."""

    device: torch.device
    dtype: torch.dtype

    @property
    def dtype_name(self) -> str:
        """The dtype as a person writes it, e.g. "float32"."""
        return str(self.dtype).removeprefix("torch.")


def choose_device(name: str | None = None) -> Device:
    """The best device that is there, or the one asked for.

    Args:
        name: "cuda", "cuda:1", "mps" or "cpu", optionally with a dtype: "cuda,float32". None picks CUDA, then MPS,
            then the CPU; without a dtype it is bfloat16 where the accelerator computes in it, else float32.

    Raises:
        UserError: no such device or dtype, or it is not on this machine.
    """
    device_name, _, dtype_name = (name or "").replace(" ", "").partition(",")
    if dtype_name and dtype_name not in _DTYPES:
        raise UserError(f"There is no number format '{dtype_name}'; choose one of: {', '.join(_DTYPES)}.")
    device = _open(device_name) if device_name else _best()
    return Device(device, _DTYPES[dtype_name] if dtype_name else _best_dtype(device))


def half_of(device: torch.device) -> torch.dtype:
    """The format of half the size that an accelerator computes in: bfloat16, on older ones float16."""
    best = _best_dtype(device)
    return torch.float16 if best == torch.float32 else best


def _best() -> torch.device:
    if torch.cuda.is_available():
        return torch.device("cuda", torch.cuda.current_device())
    return torch.device("mps" if torch.backends.mps.is_available() else "cpu")


def _open(name: str) -> torch.device:
    try:
        device = torch.device(name)
    except RuntimeError as error:
        raise UserError(f"There is no device '{name}'; choose cpu, cuda, cuda:N or mps.") from error
    index = device.index or 0
    present = {
        "cpu": index == 0,
        "cuda": torch.cuda.is_available() and index < torch.cuda.device_count(),
        "mps": torch.backends.mps.is_available() and index == 0,
    }
    if device.type not in present:
        raise UserError(f"There is no device '{name}'; choose cpu, cuda, cuda:N or mps.")
    if not present[device.type]:
        raise UserError(f"This machine has no device '{name}'; choose cpu, or leave the device out.")
    return torch.device("cuda", index) if device.type == "cuda" else torch.device(device.type)


def _best_dtype(device: torch.device) -> torch.dtype:
    if device.type == "cuda" and torch.cuda.is_bf16_supported(including_emulation=False):
        return torch.bfloat16
    if device.type == "mps" and torch.backends.mps.is_macos_or_newer(14, 0):
        return torch.bfloat16
    return torch.float32
