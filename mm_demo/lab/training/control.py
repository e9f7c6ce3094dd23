"""Pause, go on and stop, from another thread."""

from __future__ import annotations

from threading import Event


class Control:
    """A training's switch; it is looked at before every step."""

    def __init__(self) -> None:
        self._running = Event()
        self._running.set()
        self._cancelled = False

    @property
    def cancelled(self) -> bool:
        """Whether the training is to stop for good."""
        return self._cancelled

    @property
    def paused(self) -> bool:
        """Whether the training waits."""
        return not self._running.is_set()

    def pause(self) -> None:
        """Wait before the next step."""
        self._running.clear()

    def resume(self) -> None:
        """Go on."""
        self._running.set()

    def cancel(self) -> None:
        """Stop before the next step, paused or not."""
        self._cancelled = True
        self._running.set()

    def may_go_on(self) -> bool:
        """Wait while paused; False once cancelled."""
        self._running.wait()
        return not self._cancelled
