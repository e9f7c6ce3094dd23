"""Bring an index up to date with its folder, a little at a time, so that an end at any moment loses next to nothing."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from threading import Event

import numpy as np
from PIL import Image

from mm_demo.index.embedder import Embedder
from mm_demo.index.files import Found, PictureFile
from mm_demo.index.reading import OpenPicture, read_ahead
from mm_demo.index.results import Report
from mm_demo.index.store import Store

COMMIT_SECONDS = 5.0
"""The most work that is lost when the program is killed."""

COMMIT_ROWS = 2048

Progress = Callable[[int, int, Path], None]
"""Told how many pictures are done, of how many that need work, and which was the last."""


class Update:
    """One run over what was found in the folder."""

    def __init__(
        self, store: Store, found: Found, embedder: Embedder, progress: Progress | None, cancel: Event | None
    ) -> None:
        self._store = store
        self._found = found
        self._embedder = embedder
        self._progress = progress
        self._cancel = cancel or Event()
        self._known = store.states()
        self._files: list[PictureFile] = []
        self._vectors: list[np.ndarray] = []
        self._committed = time.monotonic()
        self._done = 0
        self._total = 0
        self.report = Report(skipped=list(found.skipped))

    def run(self, open_picture: OpenPicture) -> Report:
        """Take out what is gone, embed what is new or changed.

        Raises:
            UserError: the disk is full, say; what was stored before stays.
        """
        self._remove_missing()
        stale = [file for file in self._found.pictures if self._known.get(file.name) != (file.size, file.modified)]
        self._total = len(stale)
        self.report.kept += len(self._found.pictures) - len(stale)
        batch: list[tuple[PictureFile, Image.Image]] = []
        for file, picture in read_ahead(stale, open_picture, ahead=self._embedder.batch):
            if self._cancel.is_set():
                self.report.cancelled = True
                break
            if isinstance(picture, str):
                self._leave_out(file, picture)
                continue
            batch.append((file, picture))
            if len(batch) >= self._embedder.batch:
                self._embed(batch)
                batch = []
        if batch and not self.report.cancelled:
            self._embed(batch)
        self._commit()
        self._store.tidy()
        return self.report

    def _remove_missing(self) -> None:
        here = {file.name for file in self._found.pictures}
        absent = [name for name in self._known if name not in here]
        gone = [name for name in absent if not self._found.may_exist(name)]
        self._store.remove(gone)
        self.report.removed += len(gone)
        self.report.kept += len(absent) - len(gone)

    def _leave_out(self, file: PictureFile, sentence: str) -> None:
        self.report.skipped.append((file.path, sentence))
        if file.name in self._known:  # Its vector is of what the file held before.
            self._store.remove([file.name])
            self.report.removed += 1
        self._tell(file)

    def _embed(self, batch: list[tuple[PictureFile, Image.Image]]) -> None:
        vectors = self._embedder.embed_pictures([picture for _, picture in batch])
        if vectors.shape != (len(batch), self._embedder.dimensions):
            raise TypeError(f"{self._embedder.model} gave vectors of shape {vectors.shape} for {len(batch)} pictures")
        self._files += [file for file, _ in batch]
        self._vectors.append(vectors)
        if len(self._files) >= COMMIT_ROWS or time.monotonic() - self._committed >= COMMIT_SECONDS:
            self._commit()
        for file, _ in batch:
            self._tell(file)

    def _commit(self) -> None:
        if self._files:
            self._store.put(self._files, np.concatenate(self._vectors))
            changed = sum(file.name in self._known for file in self._files)
            self.report.changed += changed
            self.report.added += len(self._files) - changed
        self._files, self._vectors, self._committed = [], [], time.monotonic()

    def _tell(self, file: PictureFile) -> None:
        self._done += 1
        if self._progress is not None:
            self._progress(self._done, self._total, file.path)
