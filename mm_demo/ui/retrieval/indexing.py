"""Indexing behind the page: in a thread of its own, watched from as many pages as wait for it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any

from mm_demo.ui.models import Models

Progress = Callable[[int, int, Path], None]
Work = Callable[[Progress, threading.Event], Any]
"""Indexes and returns the gallery: is given whom to tell of progress, and what is set when it should stop."""

_LOOK_EVERY = 0.2
"""Seconds between two looks at how far it has come."""


class Indexing:
    """One run of indexing; it begins at once.

    Attributes:
        done: pictures that are embedded by now.
        total: of how many; 0 while that is not known.
        cancel: set it to stop soon; what is done by then can be searched.
    """

    def __init__(self, work: Work) -> None:
        self.done = 0
        self.total = 0
        self.cancel = threading.Event()
        self._outcome: Future[Any] = Future()
        threading.Thread(target=self._run, args=(work,), name="index-gallery", daemon=True).start()

    def _run(self, work: Work) -> None:
        try:
            self._outcome.set_result(work(self._tell, self.cancel))
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


class SharedGallery:
    """The generated pictures: indexed once, for everybody who looks at this app."""

    def __init__(self, models: Models) -> None:
        self._models = models
        self._lock = threading.Lock()
        self._indexing: Indexing | None = None

    def indexing(self) -> Indexing:
        """The run that indexes it or has done so; begun where there is none yet or the last one failed."""
        with self._lock:
            if self._indexing is None or self._indexing.failed:
                self._indexing = Indexing(self._work)
            return self._indexing

    def _work(self, progress: Progress, cancel: threading.Event) -> Any:
        from mm_demo.tasks.gallery import bundled_gallery

        task = self._models.get("retrieval")
        return task.index(bundled_gallery(), progress=progress, cancel=cancel)
