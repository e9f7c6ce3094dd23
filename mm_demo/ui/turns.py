"""Several requests of one person: only what the last one finds is shown."""

from __future__ import annotations

from collections.abc import Callable


class Turns:
    """Counts the requests of one session; kept in its `gr.State`."""

    def __init__(self) -> None:
        self._last = 0

    def take(self) -> Callable[[], bool]:
        """Begin a request; what comes back says whether it is still the last one."""
        self._last += 1
        mine = self._last
        return lambda: self._last == mine
