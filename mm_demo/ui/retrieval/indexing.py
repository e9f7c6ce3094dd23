"""Indexing behind the page: in a thread of its own, watched from as many pages as wait for it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any

from mm_demo.ui.models import Models

Progress = Callable[[int, int, Path], None]
Work = Callable[[Any, Progress, threading.Event], Any]
"""Indexes and returns the gallery: is given the task, whom to tell of progress, and what is set when it should stop."""

_LOOK_EVERY = 0.2
"""Seconds between two looks at how far it has come."""


class Indexing:
    """One run of indexing; it begins at once.

    Args:
        task: gives the task that indexes, waiting while its model is loaded.
        work: what to do.

    Attributes:
        task: as given. What the gallery finds is to be explained by it alone.
        done: pictures that are embedded by now.
        total: of how many; 0 while that is not known.
        cancel: set it to stop soon; what is done by then can be searched.
    """

    def __init__(self, task: Callable[[], Any], work: Work) -> None:
        self.task = task
        self.done = 0
        self.total = 0
        self.cancel = threading.Event()
        self._outcome: Future[Any] = Future()
        threading.Thread(target=self._run, args=(work,), name="index-gallery", daemon=True).start()

    def _run(self, work: Work) -> None:
        try:
            self._outcome.set_result(work(self.task(), self._tell, self.cancel))
        except BaseException as error:
            self._outcome.set_exception(error)

    def _tell(self, done: int, total: int, path: Path) -> None:
        self.done, self.total = done, total

    @property
    def running(self) -> bool:
        """Whether it is still at work."""
        return not self._outcome.done()

    @property
    def failed(self) -> bool:
        """Whether it ended without a gallery."""
        return self._outcome.done() and self._outcome.exception() is not None

    def watch(self) -> Iterator[tuple[int, int]]:
        """(done, total) again and again until it has ended; nothing where it has already."""
        while self.running:
            yield self.done, self.total
            try:
                self._outcome.exception(timeout=_LOOK_EVERY)
            except TimeoutError:
                continue

    def gallery(self) -> Any:
        """The gallery, waiting for it. Raises what indexing raised."""
        return self._outcome.result()


class Runs:
    """The runs that index one gallery, one for each model that it is searched by.

    Args:
        models: holds the task "retrieval".
        work: indexes the gallery.
        again: whether to begin anew where the last run failed.
    """

    def __init__(self, models: Models, work: Work, again: bool = False) -> None:
        self._models, self._work, self._again = models, work, again
        self._lock = threading.Lock()
        self._runs: dict[str, Indexing] = {}

    def indexing(self) -> Indexing:
        """The run by the model that the calling session chose, begun where there is none yet."""
        model = self._models.chosen("retrieval")
        with self._lock:
            run = self._runs.get(model)
            if run is None or (run.failed and self._again):
                run = self._runs[model] = Indexing(lambda: self._models.get("retrieval", model), self._work)
            return run

    def stop(self) -> None:
        """Ends all of them soon."""
        with self._lock:
            for run in self._runs.values():
                run.cancel.set()


def generated(models: Models) -> Runs:
    """The generated pictures: indexed once a model, for everybody who looks at this app."""

    def work(task: Any, progress: Progress, cancel: threading.Event) -> Any:
        from mm_demo.tasks.gallery import bundled_gallery

        return task.index(bundled_gallery(), progress=progress, cancel=cancel)

    return Runs(models, work, again=True)
