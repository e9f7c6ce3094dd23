"""A model on an accelerator: brought into its memory for every call, and somewhere else once that memory runs short."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, nullcontext
from dataclasses import replace
from functools import partial
from threading import Lock
from typing import Any, TypeVar, overload

from mm_demo.errors import UserError
from mm_demo.models.family import Matched, ModelInfo, Picture, PictureScore, WordMatch
from mm_demo.models.ladder import Ladder
from mm_demo.models.memory import is_out_of_memory
from mm_demo.models.pool import Opened, Weights
from mm_demo.models.recent import RecentPictures

T = TypeVar("T")

_END = object()

_HELD = frozenset({"randomised"})
"""Generators whose copies, which the caller uses between two steps, may share weights with the model."""

_INTERRUPTED = "The memory ran short in the middle of this answer. There is more room now: ask again."


class Resident:
    """Stands for what a family makes of a checkpoint, and has its attributes and methods.

    Whatever runs the model finds it in the device's memory: each call, each step of a generator, each use of a function
    that a method returned. Where memory runs out, models that nobody uses move out; if that is not enough, the
    checkpoint is opened on the next rung of its ladder. The call is then made again.

    Args:
        ladder: of the checkpoint.
        wrap: what the family makes of it.

    Raises:
        UserError: what `wrap` raises, or there is no room for it anywhere.
    """

    def __init__(self, ladder: Ladder, wrap: Callable[[Opened], Any]) -> None:
        self._ladder = ladder
        self._wrap = wrap
        self._lock = Lock()
        self._made: tuple[Weights, Any] | None = None
        self._run(lambda family: family)

    @property
    def info(self) -> ModelInfo:
        """What to say about it now."""
        assert self._made is not None
        weights, family = self._made
        waits = "" if weights.inside else "It waits in main memory while others use the GPU's."
        info: ModelInfo = family.info
        return replace(info, memory_bytes=weights.size, note=f"{self._ladder.note} {waits}".strip())

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):  # not yet set, or asked for by copy and pickle
            raise AttributeError(name)
        assert self._made is not None
        found = getattr(self._made[1], name)
        return partial(self._call, name) if callable(found) else found

    def _call(self, name: str, *arguments: Any, **named: Any) -> Any:
        def call(family: Any) -> Any:
            own = [_own(family, argument) for argument in arguments]
            return getattr(family, name)(*own, **{key: _own(family, value) for key, value in named.items()})

        made = self._run(call)
        weights, result = made
        if isinstance(result, Iterator):
            return self._steps(made, lambda: self._run(call), held=name in _HELD)
        if isinstance(result, PictureScore):
            # The caller differentiates through the weights, after the last call that this could know of.
            uses = ExitStack()
            uses.enter_context(weights.used())
            weakref.finalize(result, uses.close).atexit = False
            return result
        if isinstance(result, Matched) and not isinstance(result.words, list):
            return replace(result, words=_Words(result.words, weights, self._ladder))
        return self._function(made, lambda: self._run(call)) if callable(result) else result

    def _run(self, call: Callable[[Any], T]) -> tuple[Weights, T]:
        """What a call with the family's object gives, and the weights that it ran with."""
        tried = False
        while True:
            weights = self._ladder.weights
            try:
                with weights.used():
                    return weights, call(self._family_of(weights))
            except Exception as error:
                if not is_out_of_memory(error):
                    raise
            tried = _relieve(self._ladder, weights, tried)

    def _family_of(self, weights: Weights) -> Any:
        with self._lock:
            if self._made is None or self._made[0] is not weights:
                family = self._wrap(weights.opened)
                look = getattr(family, "look", None)
                if isinstance(look, RecentPictures):
                    weights.on_leaving(look.clear)
                self._made = weights, family
            return self._made[1]

    def _steps(
        self, made: tuple[Weights, Iterator[Any]], again: Callable[[], tuple[Weights, Iterator[Any]]], *, held: bool
    ) -> Iterator[Any]:
        begun = tried = False
        while True:
            weights, steps = made
            with weights.used() if held else nullcontext():
                while True:
                    try:
                        with weights.used():
                            step = next(steps, _END)
                    except Exception as error:
                        if not is_out_of_memory(error):
                            raise
                        break
                    if step is _END:
                        return
                    begun = True
                    yield step
            del steps, made
            tried = _relieve(self._ladder, weights, tried)
            if begun:
                raise UserError(_INTERRUPTED)
            made = again()

    def _function(
        self, made: tuple[Weights, Callable[..., Any]], again: Callable[[], tuple[Weights, Callable[..., Any]]]
    ) -> Callable[..., Any]:
        def function(*arguments: Any) -> Any:
            nonlocal made
            tried = False
            while True:
                if made[0] is not self._ladder.weights:
                    made = again()
                weights, run = made
                try:
                    with weights.used():
                        return run(*arguments)
                except Exception as error:
                    if not is_out_of_memory(error):
                        raise
                tried = _relieve(self._ladder, weights, tried)

        return function


class _Words(Sequence[WordMatch]):
    """The words of a match, which differentiate through the weights as they are read."""

    def __init__(self, words: Sequence[WordMatch], weights: Weights, ladder: Ladder) -> None:
        self._words, self._weights, self._ladder = words, weights, ladder

    def __len__(self) -> int:
        return len(self._words)

    @overload
    def __getitem__(self, index: int) -> WordMatch: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[WordMatch]: ...

    def __getitem__(self, index: int | slice) -> WordMatch | Sequence[WordMatch]:
        return self._read(lambda: self._words[index])

    def __iter__(self) -> Iterator[WordMatch]:
        words = iter(self._words)
        for _ in range(len(self)):
            yield self._read(lambda: next(words))

    def _read(self, read: Callable[[], T]) -> T:
        try:
            with self._weights.used():
                return read()
        except Exception as error:
            if not is_out_of_memory(error):
                raise
        _relieve(self._ladder, self._weights, False)
        raise UserError(_INTERRUPTED)


def _relieve(ladder: Ladder, weights: Weights, tried: bool) -> bool:
    """After memory ran out: move others out, or where that was tried or is not possible, go one rung down.

    Returns:
        `tried` for the next time.
    """
    weights.forget()
    if not tried and weights.make_room():
        return True
    ladder.step_down(weights)
    return False


def _own(family: Any, argument: Any) -> Any:
    """An argument as this object of the family can use it: a picture that it saw itself, in its own format."""
    if not isinstance(argument, Picture):
        return argument
    states, info = argument.states, family.info
    same = str(states.device) == info.device and str(states.dtype) == f"torch.{info.dtype}"
    return argument if same else family.look(argument.image)
