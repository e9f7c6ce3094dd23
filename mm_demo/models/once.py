"""Things that take long to make and are then everybody's."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Once(Generic[K, V]):
    """Makes each thing once, however many threads ask for it at once; who asks for another does not wait."""

    def __init__(self) -> None:
        self._made: dict[K, V] = {}
        self._locks: defaultdict[K, Lock] = defaultdict(Lock)
        self._guard = Lock()

    def __call__(self, key: K, make: Callable[[], V]) -> V:
        """What was made for this key, or is made now; where `make` raises, the next who asks tries again."""
        with self._guard:
            lock = self._locks[key]
        with lock:
            if key not in self._made:
                self._made[key] = make()
            return self._made[key]

    def forget(self, key: K) -> None:
        """Have it made anew for the next who asks; who has it keeps it."""
        self._made.pop(key, None)

    def known(self) -> list[K]:
        """The keys of what is made by now."""
        return list(self._made)
