"""Models move in and out of an accelerator's memory, the least recently used ones first."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from threading import Condition, RLock
from typing import Any

import torch
from torch import Tensor

from mm_demo.models.device import Device
from mm_demo.models.familiarity import Familiarity
from mm_demo.models.memory import DeviceMemory, memory_of
from mm_demo.models.once import Once

_ROOM = 256 << 20
"""Bytes that should be free beside a model's weights, for what it computes."""

_PATIENCE = 20.0
"""Seconds to wait for room while others use their models."""


@dataclass(frozen=True, eq=False)
class Opened:
    """A checkpoint that was read: one set of weights, whatever it is used for.

    Attributes:
        model: of transformers, in evaluation mode, with frozen parameters.
        processor: the one saved with it.
        familiarity: judges whether a picture is of the kind the checkpoint knows; None where it can't.
        where: the device that it is meant for, and the format of its weights.
    """

    model: Any
    processor: Any
    familiarity: Familiarity | None
    where: Device

    @property
    def tensors(self) -> list[Tensor]:
        """Parameters and buffers, those that have several names once."""
        tensors = chain(self.model.parameters(), self.model.buffers())
        return list({id(tensor): tensor for tensor in tensors}.values())

    @property
    def size(self) -> int:
        """Bytes that the weights take."""
        return sum(tensor.numel() * tensor.element_size() for tensor in self.tensors)


class Weights:
    """A checkpoint's weights, in a device's memory while they are used, and for as long after as there is room.

    Attributes:
        opened: whose they are.
        size: in bytes.
        inside: whether they are in the device's memory now; always so on the CPU.

    Args:
        opened: its weights in main memory.
        pool: of its device's memory; None for the CPU.
    """

    def __init__(self, opened: Opened, pool: Pool | None) -> None:
        self.opened = opened
        self.tensors = opened.tensors
        self.size = opened.size
        self.inside = pool is None
        self._pool = pool
        self._forget: list[Callable[[], None]] = []

    @contextmanager
    def used(self) -> Iterator[None]:
        """Bring them in, and keep them in while inside.

        It may be held across a `yield`: a generator that nobody goes on with is closed when nobody holds it any more.

        Raises:
            RuntimeError: of the kind that `is_out_of_memory` knows: there is no room, though all that nobody uses has
                moved out.
        """
        if self._pool is None:
            yield
            return
        self._pool.begin(self)
        try:
            yield
        finally:
            self._pool.end(self)

    def make_room(self) -> bool:
        """Move all others out that nobody uses; False where there were none."""
        return self._pool is not None and self._pool.clear(self)

    def retire(self) -> None:
        """Move out now or after the last use: something else has taken their place."""
        if self._pool is not None:
            self._pool.retire(self)

    def on_leaving(self, forget: Callable[[], None]) -> None:
        """Have this called whenever they move out, to let go of what else is in the device's memory for them."""
        self._forget.append(forget)

    def forget(self) -> None:
        """Let go of what is in the device's memory beside them."""
        for forget in self._forget:
            forget()


@dataclass
class _Guest:
    """Weights in the memory: where they came from, how many use them, and when (in turns) they were last used."""

    homes: list[Tensor]
    users: int = 0
    turn: int = 0
    retired: bool = False


class Pool:
    """The weights in one device's memory. Those in use never move.

    One lock is held while something moves, never while a model computes. It may be taken again by the thread that
    holds it, because a generator may be thrown away, and its use end, at any moment.

    Args:
        memory: the device's.
        room: bytes beside a model's weights that should be free, for what it computes.
        patience: seconds to wait for room while all that is in it is in use.
    """

    def __init__(self, memory: DeviceMemory, room: int = _ROOM, patience: float = _PATIENCE) -> None:
        self._memory = memory
        self._room = room
        self._patience = patience
        self._inside: dict[Weights, _Guest] = {}
        self._turn = 0
        self._changed = Condition(RLock())

    def begin(self, weights: Weights) -> None:
        """Count a use, bringing the weights in where they are not; each `begin` that returns needs an `end`."""
        with self._changed:
            if weights not in self._inside:
                self._make_room(weights)
            if weights not in self._inside:  # somebody else may have brought them in while this thread waited
                self._inside[weights] = _Guest(self._memory.bring_in(weights.tensors))
                weights.inside = True
            guest = self._inside[weights]
            self._turn += 1
            guest.users, guest.turn = guest.users + 1, self._turn

    def end(self, weights: Weights) -> None:
        """End a use."""
        with self._changed:
            guest = self._inside[weights]
            guest.users -= 1
            if guest.retired and not guest.users:
                self._move_out(weights)
            self._changed.notify_all()

    def clear(self, weights: Weights) -> bool:
        """Move all others out that nobody uses; False where there were none."""
        with self._changed:
            idle = [other for other in self._idle() if other is not weights]
            for other in idle:
                self._move_out(other)
            return bool(idle)

    def retire(self, weights: Weights) -> None:
        """Move weights out now or after the last use."""
        with self._changed:
            if weights in self._inside:
                self._inside[weights].retired = True
                if not self._inside[weights].users:
                    self._move_out(weights)

    def _make_room(self, weights: Weights) -> None:
        """Until there is room: move out who was used least recently; where even that is too little, wait for others."""
        until = time.monotonic() + self._patience
        while weights not in self._inside and self._memory.free() < weights.size + self._room:
            if idle := self._idle():
                self._move_out(idle[0])
            elif self._memory.free() >= weights.size or not self._changed.wait(until - time.monotonic()):
                return

    def _idle(self) -> list[Weights]:
        """Those that nobody uses, the least recently used first."""
        idle = [weights for weights, guest in self._inside.items() if not guest.users]
        return sorted(idle, key=lambda weights: self._inside[weights].turn)

    def _move_out(self, weights: Weights) -> None:
        guest = self._inside.pop(weights)
        weights.inside = False
        weights.forget()
        self._memory.move_out(weights.tensors, guest.homes)


_pools: Once[torch.device, Pool | None] = Once()


def pool_of(where: Device) -> Pool | None:
    """The pool of a device's memory, one for everybody; None for the CPU."""

    def make() -> Pool | None:
        memory = memory_of(where)
        return None if memory is None else Pool(memory)

    return _pools(where.device, make)
