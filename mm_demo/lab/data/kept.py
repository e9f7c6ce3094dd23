"""Data that take a while to make, kept in the person's cache folder."""

from __future__ import annotations

import hashlib
import os
import sys
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from threading import Lock

import numpy as np
from numpy.typing import NDArray
from platformdirs import user_cache_path

Arrays = Mapping[str, NDArray[np.generic]]

FOLDER = user_cache_path("mm_demo", appauthor=False) / "lab"
"""Where they are kept."""

_lock = Lock()


def kept(name: str, files: Iterable[Path], make: Callable[[], Arrays]) -> Arrays:
    """The arrays that were made from these files before; made now, and kept, where there are none or they are damaged.

    Args:
        name: of the data; to be changed whenever `make` changes.
        files: what they are made from (a checkpoint's weights, a table of recordings): another content, other data.
        make: makes them, numbers and texts only.
    """
    digest = hashlib.sha256()
    for file in files:
        digest.update(hashlib.sha256(file.read_bytes()).digest())
    path = FOLDER / f"{name}-{digest.hexdigest()[:16]}.npz"
    # Two people who ask at once must not both make them.
    with _lock:
        found = _read(path)
        if found is None:
            found = make()
            try:
                _write(path, found)
            except OSError as error:
                print(f"{name} can't be kept in “{path.parent}” ({error}) and will be made again.", file=sys.stderr)
        return found


def _read(path: Path) -> Arrays | None:
    try:
        with np.load(path, allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    except (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile, zlib.error):
        return None


def _write(path: Path, arrays: Arrays) -> None:
    """All at once, so that nobody finds half a file, whoever else writes it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".")
    try:
        with open(handle, "wb") as file:
            np.savez(file, **arrays)  # type: ignore[arg-type]
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
