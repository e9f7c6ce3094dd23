"""The tasks that this app serves: loaded behind the first page, shared by everybody."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from mm_demo.errors import UserError

log = logging.getLogger(__name__)

Factory = Callable[[str], Any]
"""The name of a task -> the task object; raises UserError where it can't."""

UNEXPECTED = "Something went wrong inside the app; its terminal has the details. The next request is not affected."


@dataclass(frozen=True)
class State:
    """Where a task stands; `problem` is the sentence for "failed"."""

    name: Literal["loading", "ready", "failed"]
    problem: str = ""


class Models:
    """Loads every task once, in the background, and hands it to whoever asks."""

    def __init__(self, factory: Factory, names: Sequence[str] = ("caption", "vqa", "sentiment", "retrieval")) -> None:
        self.names = tuple(names)
        self._factory = factory
        self._tasks: dict[str, Any] = {}
        self._states = {name: State("loading") for name in self.names}
        self._locks = {name: threading.Lock() for name in self.names}

    def start(self) -> None:
        """Begins to load all tasks, one after the other, and returns at once."""
        threading.Thread(target=self._load_all, name="load-models", daemon=True).start()

    def state(self, name: str) -> State:
        """Where the task stands, without waiting."""
        return self._states[name]

    def ready(self, name: str) -> Any | None:
        """The task if it is loaded, without waiting."""
        return self._tasks.get(name)

    def get(self, name: str) -> Any:
        """The task, waiting while it loads; one that failed is tried again. Raises UserError where it fails."""
        if name in self._tasks:
            return self._tasks[name]
        with self._locks[name]:
            if name not in self._tasks:
                self._load(name)
            return self._tasks[name]

    def _load(self, name: str) -> None:
        try:
            task = self._factory(name)
            # While people still read the page: what a task compiles at its first use takes seconds.
            getattr(task, "warm_up", lambda: None)()
            self._tasks[name] = task
        except UserError as error:
            self._states[name] = State("failed", str(error))
            raise
        except Exception as error:
            log.exception("could not load %s", name)
            self._states[name] = State("failed", UNEXPECTED)
            raise UserError(UNEXPECTED) from error
        self._states[name] = State("ready")

    def _load_all(self) -> None:
        for name in self.names:
            try:
                self.get(name)
            except UserError as error:
                log.warning("%s: %s", name, error)
