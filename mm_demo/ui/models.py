"""The tasks that this app serves: loaded behind the first page, shared by everybody who chose the same model."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from mm_demo.errors import UserError
from mm_demo.ui.sessions import Session, Sessions

log = logging.getLogger(__name__)

Factory = Callable[[str, str | None], Any]
"""The name of a task, and a model's id, None for the default → the task object; raises UserError where it can't."""

UNEXPECTED = "Something went wrong inside the app; its terminal has the details. The next request is not affected."
DEFAULT_MODEL = ""
"""Stands for the model that the app opens a task with."""


@dataclass(frozen=True)
class State:
    """Where a task stands; `problem` is the sentence for "failed"."""

    name: Literal["loading", "ready", "failed"]
    problem: str = ""


class Models:
    """Loads each task's default model in the background, others when a session chooses them, every one once.

    Whoever asks for a task without naming a model gets it with the model that their session chose.
    """

    def __init__(self, factory: Factory, names: Sequence[str] = ("caption", "vqa", "sentiment", "retrieval")) -> None:
        self.names = tuple(names)
        self._factory = factory
        self._tasks: dict[tuple[str, str], Any] = {}
        self._states = {name: State("loading") for name in self.names}
        self._locks = {name: threading.Lock() for name in self.names}
        self._sessions = Sessions()

    def start(self) -> None:
        """Begins to load all tasks, one after the other, and returns at once."""
        threading.Thread(target=self._load_all, name="load-models", daemon=True).start()

    def state(self, name: str) -> State:
        """Where the task stands with the calling session's model, without waiting."""
        return self._states[name] if self.chosen(name) == DEFAULT_MODEL else State("ready")

    def ready(self, name: str, model: str | None = None) -> Any | None:
        """The task if it is loaded, without waiting; `model` as in `get`."""
        return self._tasks.get((name, self.chosen(name) if model is None else model))

    def get(self, name: str, model: str | None = None) -> Any:
        """The task, waiting while it loads; one that failed is tried again.

        Args:
            name: of the task.
            model: an id; "" for the default, None for the one that the calling session chose.

        Raises:
            UserError: it can't be loaded.
        """
        key = name, self.chosen(name) if model is None else model
        if key in self._tasks:
            return self._tasks[key]
        with self._locks[name]:
            if key not in self._tasks:
                self._load(*key)
            return self._tasks[key]

    def chosen(self, name: str) -> str:
        """The id of the model that the calling session chose for a task; "" for the default."""
        return self._sessions.caller().chosen.get(name, DEFAULT_MODEL)

    def loading(self, name: str) -> str | None:
        """The id of the model that is being loaded for the calling session in place of the one it has."""
        return self._sessions.caller().wanted.get(name)

    def opened(self, name: str) -> tuple[str, ...]:
        """The ids of the models that the calling session chose so far."""
        return tuple(self._sessions.caller().opened.get(name, ()))

    def want(self, name: str, model: str) -> Callable[[], Any | None]:
        """Says that the calling session wants a model; what comes back loads it and makes it the session's.

        That returns the task, or None where the session wants another one by then. It raises UserError where the model
        can't be loaded; the session keeps what it had.
        """
        session, default = self._sessions.begin(), self.ready(name, DEFAULT_MODEL)
        key = DEFAULT_MODEL if default is not None and default.info.id == model else model
        session.wanted[name] = model
        return lambda: self._choose(session, name, model, key)

    def let_go(self, model: str) -> list[str]:
        """A model's files are deleted: the calling session goes back to the default, in the tasks that are returned.

        Others who chose it keep what is in memory.
        """
        back = [name for name in self.names if self.chosen(name) == model]
        mine = self._sessions.caller()
        used = {name for session in self._sessions.others() for name, key in session.chosen.items() if key == model}
        for name in self.names:
            mine.opened[name] = [other for other in mine.opened.get(name, []) if other != model]
            if mine.chosen.get(name) == model:
                del mine.chosen[name]
            if name not in used:
                self._tasks.pop((name, model), None)
        return back

    def forget(self, session: str | None) -> None:
        """A session has ended: what it chose is forgotten."""
        self._sessions.forget(session)

    def _choose(self, session: Session, name: str, model: str, key: str) -> Any | None:
        try:
            task = self.get(name, key)
        except UserError:
            if session.wanted.get(name) == model:
                del session.wanted[name]
            raise
        if session.wanted.get(name) != model:
            return None
        del session.wanted[name]
        session.chosen[name] = key
        known = session.opened.setdefault(name, [])
        if key != DEFAULT_MODEL and key not in known:
            known.append(key)
        return task

    def _load(self, name: str, model: str) -> None:
        try:
            task = self._factory(name, model or None)
            # While people still read the page: what a task compiles at its first use takes seconds.
            getattr(task, "warm_up", lambda: None)()
            self._tasks[name, model] = task
        except UserError as error:
            self._tell(name, model, State("failed", str(error)))
            raise
        except Exception as error:
            log.exception("could not load %s %s", name, model)
            self._tell(name, model, State("failed", UNEXPECTED))
            raise UserError(UNEXPECTED) from error
        self._tell(name, model, State("ready"))

    def _tell(self, name: str, model: str, state: State) -> None:
        if model == DEFAULT_MODEL:
            self._states[name] = state

    def _load_all(self) -> None:
        for name in self.names:
            try:
                self.get(name, DEFAULT_MODEL)
            except UserError as error:
                log.warning("%s: %s", name, error)
