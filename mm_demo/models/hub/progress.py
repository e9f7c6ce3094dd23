"""How far a download is, how fast, and how long it will take."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

_WINDOW = 5.0  # seconds over which the speed is taken
_EVERY = 0.1  # seconds between two reports
_SOON = 0.5  # seconds before which a speed says nothing about the time left


@dataclass(frozen=True)
class Progress:
    """Where a download stands.

    Attributes:
        done: bytes that are here, those of an earlier try included.
        total: bytes of all files; known from the start.
        bytes_per_second: over the last five seconds; 0 before the first bytes.
        seconds_left: at that speed; None in the first half second, and while nothing comes.
    """

    done: int
    total: int
    bytes_per_second: float
    seconds_left: float | None


class Meter:
    """Counts bytes and reports them, at most ten times a second.

    Args:
        done: bytes that are here already.
        total: bytes in all.
        report: is called with every report; an exception that it raises ends the download.
    """

    def __init__(self, done: int, total: int, report: Callable[[Progress], None] | None) -> None:
        self.done, self.total = done, total
        self._report = report
        self._seen: deque[tuple[float, int]] = deque([(time.monotonic(), 0)])
        self._came = 0
        self._last = float("-inf")
        self.say()

    def came(self, count: int) -> None:
        """Bytes have come."""
        self._came += count
        self.done += count
        if time.monotonic() - self._last >= _EVERY:
            self.say()

    def lost(self, count: int) -> None:
        """Bytes that were here turned out to be useless."""
        self.done -= count

    def say(self) -> None:
        """Report now."""
        now = time.monotonic()
        self._last = now
        self._seen.append((now, self._came))
        while len(self._seen) > 2 and now - self._seen[1][0] > _WINDOW:
            self._seen.popleft()
        since, before = self._seen[0]
        speed = (self._came - before) / (now - since) if now > since else 0.0
        left = (self.total - self.done) / speed if speed > 0 and now - since >= _SOON else None
        if self._report is not None:
            self._report(Progress(self.done, self.total, speed, left))
