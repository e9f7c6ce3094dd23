"""A folder of pictures that can be searched: its index, kept up to date in the person's cache folder."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from threading import Event, Lock
from typing import Any
from weakref import WeakValueDictionary

import numpy as np

from mm_demo.errors import UserError
from mm_demo.index import Embedder, Hit, PictureIndex, Report
from mm_demo.index.files import shown
from mm_demo.tasks.gallery import CACHE
from mm_demo.tasks.inputs import read_image
from mm_demo.tasks.retrieval_query import QuerySource, read_query
from mm_demo.tasks.retrieval_result import Query

Progress = Callable[[int, int, Path], None]
"""Told how many pictures are done, of how many that need work, and which was the last."""

_WAIT = 0.1
"""Seconds between two looks at whether somebody who waits has given up."""

_building: WeakValueDictionary[Path, Any] = WeakValueDictionary()
"""One lock an index: two people in this process who open the same folder wait for one another."""
_building_lock = Lock()


class Gallery:
    """A searchable folder; many threads may search at once, each gallery finds its own pictures only.

    Attributes:
        folder: whose pictures are searched.
        report: what bringing the index up to date did.
    """

    def __init__(self, folder: Path, index: PictureIndex, report: Report, embed: Callable[[Query], np.ndarray]) -> None:
        self.folder = folder
        self.report = report
        self._index = index
        self._embed = embed

    def __len__(self) -> int:
        """How many pictures can be found."""
        return len(self._index)

    def search(self, query: QuerySource, k: int = 10) -> list[Hit]:
        """The pictures most like a query.

        Args:
            query: words, the path of a picture, a PIL image, an array, or a `Query` (the only one of these to make of
                a stranger's text, which could be a path).
            k: how many, at least 1.

        Returns:
            At most k hits, best first; `Hit.score` is the cosine, −1…1.

        Raises:
            UserError: the query is empty or can't be read, k is under 1, or the index was damaged meanwhile.
        """
        return self._index.search(self._embed(read_query(query)), k)

    @cached_property
    def center(self) -> np.ndarray:
        """(dimensions,) float32, the mean of the pictures' vectors: what a hit stands out from.

        Raises:
            UserError: there is no picture in it, or the index was damaged meanwhile.
        """
        return self._index.center()


def open_gallery(
    folder: str | os.PathLike[str],
    embedder: Embedder,
    embed: Callable[[Query], np.ndarray],
    progress: Progress | None = None,
    cancel: Event | None = None,
    store: str | os.PathLike[str] | None = None,
) -> Gallery:
    """As `RetrievalTask.index`."""
    pictures = check_folder(folder)
    place = _place(pictures, embedder) if store is None else Path(os.path.abspath(store))
    index = PictureIndex.open(place)
    with _building_lock:
        lock = _building.setdefault(place, Lock())
    while not lock.acquire(timeout=_WAIT):
        if cancel is not None and cancel.is_set():
            index.check(embedder)
            return Gallery(pictures, index, Report(kept=len(index), cancelled=True), embed)
    try:
        report = index.build(pictures, embedder, read_image, progress, cancel)
    finally:
        lock.release()
    return Gallery(pictures, index, report, embed)


def check_folder(folder: str | os.PathLike[str]) -> Path:
    """The folder's absolute path, links in it left as they are.

    Raises:
        UserError: it is no folder, or can't be read.
    """
    path = Path(os.path.abspath(folder))
    name = shown(str(path))
    try:
        os.scandir(path).close()
    except (FileNotFoundError, NotADirectoryError, ValueError) as error:
        raise UserError(f"“{name}” is not a folder: give the path of a folder with pictures.") from error
    except OSError as error:
        raise UserError(f"“{name}” can't be read: change its permissions, or choose another folder.") from error
    return path


def _place(pictures: Path, embedder: Embedder) -> Path:
    """Where the index of a folder is kept: elsewhere for every model, so that none meets another's vectors."""
    said = "\0".join((str(pictures), embedder.model, embedder.revision))
    return CACHE / "indexes" / hashlib.sha256(said.encode("utf-8", "surrogateescape")).hexdigest()[:32]
