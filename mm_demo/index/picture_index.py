"""An index of one folder of pictures, kept in a folder of its own."""

from __future__ import annotations

import os
from pathlib import Path
from threading import Event

import numpy as np
from filelock import FileLock, Timeout

from mm_demo.errors import UserError
from mm_demo.index.building import Progress, Update
from mm_demo.index.embedder import Embedder
from mm_demo.index.files import Found, find_pictures, shown
from mm_demo.index.reading import OpenPicture
from mm_demo.index.results import Hit, Report
from mm_demo.index.store import Header, Store
from mm_demo.index.trouble import explained

LOCK = "building.lock"


class PictureIndex:
    """Vectors of a folder's pictures, brought up to date by `build`, searched by `search`, from any thread.

    Several processes may search one index, also while one of them builds it.
    """

    def __init__(self, folder: Path, store: Store | None) -> None:
        self._folder = folder
        self._store = store

    @classmethod
    def open(cls, folder: str | Path) -> PictureIndex:
        """Open an index, or a folder that is still empty or missing, to build one in.

        Raises:
            UserError: the folder holds something else, or an index that is damaged or of another version.
        """
        place = Path(os.path.abspath(folder))
        return cls(place, Store.open(place))

    def __len__(self) -> int:
        """How many pictures are in it."""
        return 0 if self._store is None else len(self._store)

    @property
    def pictures(self) -> Path | None:
        """The folder whose pictures are in it; None before it was built."""
        return None if self._store is None else Path(self._store.header.pictures)

    def check(self, embedder: Embedder) -> None:
        """See that queries of this model can be compared with what is stored; call it before searching.

        Raises:
            UserError: the index was made with another model or revision.
        """
        if self._store is None:
            return
        made = self._store.header
        asked = (embedder.model, embedder.revision, embedder.dimensions)
        if (made.model, made.revision, made.dimensions) != asked:
            raise UserError(
                f"The index in “{self._folder}” was made with {made.model} (revision {made.revision}), not with "
                f"{embedder.model} (revision {embedder.revision}): search with that model, or delete the folder and "
                "build the index again."
            )

    def build(
        self,
        pictures: str | Path,
        embedder: Embedder,
        open_picture: OpenPicture,
        progress: Progress | None = None,
        cancel: Event | None = None,
    ) -> Report:
        """Bring the index up to date with its folder: embed new and changed pictures, forget those that are gone.

        It can be ended at any moment, also by a kill, and goes on from there when called again.

        Args:
            pictures: the folder; all its sub-folders belong to it.
            embedder: the model, the same at every call.
            open_picture: reads one file; called from several threads.
            progress: told after each picture.
            cancel: set it to stop soon; what is done by then is kept.

        Returns:
            What was done, and what could not be read.

        Raises:
            UserError: there is no picture in the folder, the index is of another folder or model, somebody is building
                it just now, or the disk is full; nothing that was in the index before is lost by that.
        """
        folder = Path(os.path.abspath(pictures))
        lock = self._locked()
        try:
            found = _look_through(folder, self._folder)
            store = self._ready(folder, embedder)
            return Update(store, found, embedder, progress, cancel).run(open_picture)
        finally:
            lock.release()

    def search(self, vector: np.ndarray, k: int, where: str | None = None) -> list[Hit]:
        """The pictures most like a vector.

        Args:
            vector: (dimensions,), of length 1, from the model that the index was made with (see `check`).
            k: how many, at least 1; fewer come back where there are fewer.
            where: only among these: an SQL condition on path (below the folder), size (bytes) and modified.

        Returns:
            Hits, best first.

        Raises:
            UserError: nothing is indexed yet, the vector is of another length, k is under 1, or `where` is no
                condition.
        """
        if self._store is None:
            raise UserError(f"There is no index in “{self._folder}” yet: build it first.")
        if k < 1:
            raise UserError(f"{k} hits can't be shown: ask for at least 1.")
        query = np.asarray(vector, np.float32)
        if query.shape != (self._store.header.dimensions,):
            raise UserError(
                f"The index was made with {self._store.header.model}, whose vectors have "
                f"{self._store.header.dimensions} numbers: search with that model."
            )
        return self._store.nearest(query, min(k, max(1, len(self._store))), where)

    def center(self) -> np.ndarray:
        """The mean of the pictures' vectors, of 10,000 of them where there are more: (dimensions,) float32.

        Raises:
            UserError: nothing is indexed yet, or the index was damaged meanwhile.
        """
        if self._store is None or not len(self):
            raise UserError(f"There is no picture in the index in “{self._folder}” yet: build it first.")
        return self._store.center()

    def _locked(self) -> FileLock:
        """A lock that the system lets go of when the process ends, however it ends."""
        with explained(self._folder):
            self._folder.mkdir(parents=True, exist_ok=True)
            lock = FileLock(self._folder / LOCK, timeout=0)
            try:
                lock.acquire()
            except Timeout as error:
                raise UserError(
                    f"The index in “{self._folder}” is being built already: wait until that is done, then try again."
                ) from error
            return lock

    def _ready(self, folder: Path, embedder: Embedder) -> Store:
        """The store to write to, opened again in case another process made it since."""
        self._store = self._store or Store.open(self._folder)
        if self._store is None:
            header = Header(embedder.model, embedder.revision, embedder.dimensions, str(folder))
            self._store = Store.create(self._folder, header)
        self.check(embedder)
        if self._store.header.pictures != str(folder):
            raise UserError(
                f"The index in “{self._folder}” is of “{self._store.header.pictures}”: choose another folder for the "
                "index of these pictures."
            )
        return self._store


def _look_through(folder: Path, leave_out: Path) -> Found:
    name = shown(str(folder))
    if not folder.is_dir():
        raise UserError(f"“{name}” is not a folder: give the path of a folder with pictures.")
    try:
        found = find_pictures(folder, leave_out)
    except OSError as error:
        raise UserError(f"“{name}” can't be read: change its permissions, or choose another folder.") from error
    if not found.pictures and not found.skipped:
        raise UserError(f"There are no pictures in “{name}”: put some in it, or choose another folder.")
    return found
