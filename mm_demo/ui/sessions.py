"""Whose request this is, and what that person's page chose."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass, field

from gradio.context import LocalContext

_MOST = 10_000
"""How many sessions are remembered, as many as Gradio keeps the state of; of more, those longest idle are forgotten."""


@dataclass
class Session:
    """What one page chose; models are ids, tasks names.

    Attributes:
        chosen: task → model, for tasks whose model is not the app's default.
        wanted: task → model that is loading.
        opened: task → models that this session opened by their id or folder, in that order.
    """

    chosen: dict[str, str] = field(default_factory=dict)
    wanted: dict[str, str] = field(default_factory=dict)
    opened: dict[str, list[str]] = field(default_factory=dict)


class Sessions:
    """The sessions that chose anything. Safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, Session] = OrderedDict()

    def caller(self) -> Session:
        """The session whose event is being handled; an empty one where it has chosen nothing, and outside of any."""
        name = session_name()
        if name is None:
            return Session()
        with self._lock:
            if name not in self._kept:
                return Session()
            self._kept.move_to_end(name)
            return self._kept[name]

    def begin(self) -> Session:
        """As `caller`, but kept from now on."""
        name = session_name()
        if name is None:
            return Session()
        with self._lock:
            session = self._kept.setdefault(name, Session())
            self._kept.move_to_end(name)
            while len(self._kept) > _MOST:
                self._kept.popitem(last=False)
        return session

    def others(self) -> list[Session]:
        """All but the one whose event is being handled."""
        name = session_name()
        with self._lock:
            return [session for key, session in self._kept.items() if key != name]

    def forget(self, name: str | None) -> None:
        """A session has ended."""
        with self._lock:
            self._kept.pop(name or "", None)


def session_name() -> str | None:
    """What Gradio calls the session whose event is being handled in this thread; None outside of any."""
    return getattr(LocalContext.request.get(None), "session_hash", None)
