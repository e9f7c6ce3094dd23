"""Where a checkpoint runs, and where else once memory runs short: a smaller number format, then the CPU."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from threading import Lock

import torch

from mm_demo.errors import UserError
from mm_demo.models.device import Device, half_of
from mm_demo.models.pool import Opened, Pool, Weights, pool_of

Read = Callable[[Device], Opened]
"""Reads a checkpoint into main memory, with the weights in the format that the device wants."""


class Ladder:
    """A checkpoint on the best device that has room for it; one for everybody who uses the checkpoint, for any task.

    Args:
        read: opens it.
        rungs: where it may run, the best first, each with the pool of its device's memory (None for the CPU).

    Attributes:
        weights: those to use now; after `step_down` they are others.
        note: why they are not the best, "" while they are.
    """

    def __init__(self, read: Read, rungs: Sequence[tuple[Device, Pool | None]]) -> None:
        self._read = read
        self._left = list(rungs)
        self._lock = Lock()
        self.note = ""
        self.weights = self._next()

    def step_down(self, failed: Weights) -> None:
        """After `failed` didn't fit: read the checkpoint again, for the next best place to run.

        Raises:
            UserError: there is none left.
        """
        with self._lock:
            if self.weights is not failed:  # somebody else was here first
                return
            was = failed.opened.where
            if not self._left:
                raise UserError("The memory is too small for this: choose a smaller model, or give it less at once.")
            failed.retire()
            self.weights = self._next()
            self.note = _sentence(was, self.weights.opened.where)

    def _next(self) -> Weights:
        where, pool = self._left.pop(0)
        return Weights(self._read(where), pool)


def open_ladder(read: Read, where: Device) -> Ladder:
    """The ladder that begins at a device; on the CPU it has one rung."""
    rungs = [where]
    if where.device.type != "cpu":
        if where.dtype == torch.float32:
            rungs.append(Device(where.device, half_of(where.device)))
        rungs.append(Device(torch.device("cpu"), torch.float32))
    return Ladder(read, [(rung, pool_of(rung)) for rung in rungs])


def _sentence(was: Device, now: Device) -> str:
    place = "on the CPU" if now.device.type != was.device.type else f"in {now.dtype_name}"
    return f"It runs {place}, because the GPU's memory was too small for it in {was.dtype_name}."
