"""Who is speaking right now: one `Listener` for each live recording, forgotten when it falls silent for good."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from mm_demo.errors import UserError
from mm_demo.ui.speech.live import Listener

PLACES = 8
"""How many live recordings are served at once."""
_IDLE_SECONDS = 20.0
"""After how long without a sound from the browser, a closed page say, a recording gives up its place."""


class LivePlaces:
    """Hands every recording its own listener; safe to call from several threads.

    Args:
        make: makes the listener of a new recording, from the id of the model that is to judge it.
    """

    def __init__(self, make: Callable[[str], Listener]) -> None:
        self._make = make
        self._lock = threading.Lock()
        self._taken: dict[str, tuple[Listener, float]] = {}

    def listener(self, name: str, model: str = "") -> Listener:
        """The listener of the recording of that name, made for that model where there is none.

        Raises:
            UserError: all places are taken.
        """
        now = time.monotonic()
        with self._lock:
            self._taken = {key: held for key, held in self._taken.items() if now - held[1] < _IDLE_SECONDS}
            if name not in self._taken and len(self._taken) >= PLACES:
                raise UserError("Too many people are speaking to this app right now: try again in a minute.")
            found = self._taken[name][0] if name in self._taken else self._make(model)
            self._taken[name] = (found, now)
        return found
