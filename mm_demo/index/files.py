"""The pictures in a folder and all its sub-folders, by their names."""

from __future__ import annotations

import os
import stat
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path

SUFFIXES = {
    ".avif",
    ".bmp",
    ".gif",
    ".ico",
    ".j2k",
    ".jfif",
    ".jp2",
    ".jpe",
    ".jpeg",
    ".jpg",
    ".pbm",
    ".pgm",
    ".png",
    ".pnm",
    ".ppm",
    ".tga",
    ".tif",
    ".tiff",
    ".webp",
}
"""A file with one of these endings, in large or small letters, counts as a picture."""

_LATEST = 253_402_300_799_999_999
"""The last microsecond of the year 9999; a damaged file system can claim later ones."""


@dataclass(frozen=True)
class PictureFile:
    """One file with a picture's name."""

    name: str
    """Its path below the folder, with forward slashes."""
    path: Path
    size: int
    """Bytes."""
    modified: int
    """Microseconds since 1970, UTC."""


@dataclass
class Found:
    """What lies in a folder of pictures."""

    pictures: list[PictureFile] = field(default_factory=list)
    skipped: list[tuple[Path, str]] = field(default_factory=list)
    unseen: list[str] = field(default_factory=list)
    """Sub-folders and files that are there but could not be looked at, named as `PictureFile.name`."""

    def may_exist(self, name: str) -> bool:
        """Whether a picture that was not found may still be there, where nobody could look."""
        return any(unseen in ("", name) or name.startswith(f"{unseen}/") for unseen in self.unseen)


def is_picture_name(name: str) -> bool:
    """Whether a file of this name counts as a picture: by its ending, unless it is hidden (starts with a dot)."""
    return os.path.splitext(name)[1].lower() in SUFFIXES and not name.startswith(".")


def find_pictures(folder: Path, leave_out: Path) -> Found:
    """Look through a folder and all its sub-folders; what is found is in the order of the names.

    Hidden files and folders are passed over. Links are followed, but no folder is entered twice, by whatever way it is
    reached; folders in their own place come before links to them.

    Args:
        folder: where the pictures lie.
        leave_out: a folder that is not entered: the index's own.

    Raises:
        OSError: the folder itself can't be read.
    """
    found = Found()
    entered = {_identity(os.stat(leave_out))} if leave_out.exists() else set()
    waiting, links = [(folder, "")], deque[tuple[Path, str]]()
    os.scandir(folder).close()  # A sub-folder may fail, but without the folder itself there is nothing to index.
    while waiting or links:
        place, prefix = waiting.pop() if waiting else links.popleft()
        try:
            identity = _identity(os.stat(place))
            if identity in entered:
                continue
            entered.add(identity)
            entries = sorted(os.scandir(place), key=lambda entry: entry.name)
        except OSError as error:
            _skip(found, place, prefix.rstrip("/"), f"This folder can't be read ({_reason(error)}).")
            continue
        for entry in entries:
            if entry.name.startswith("."):
                continue
            path, name = Path(entry.path), prefix + entry.name
            try:
                status = os.stat(path)
            except OSError as error:
                if is_picture_name(entry.name):
                    _skip(found, path, name, f"This file can't be looked up ({_reason(error)}).")
                continue
            if stat.S_ISDIR(status.st_mode):
                (links if entry.is_symlink() else waiting).append((path, f"{name}/"))
            elif stat.S_ISREG(status.st_mode) and is_picture_name(entry.name):
                _add(found, name, path, status)
    found.pictures.sort(key=lambda picture: picture.name)
    return found


def _add(found: Found, name: str, path: Path, status: os.stat_result) -> None:
    if shown(name) != name:
        found.skipped.append((Path(shown(str(path))), "Its name is not proper text (UTF-8): rename it."))
        return
    modified = min(max(status.st_mtime_ns // 1000, 0), _LATEST)
    found.pictures.append(PictureFile(name, path, status.st_size, modified))


def _skip(found: Found, path: Path, name: str, sentence: str) -> None:
    found.skipped.append((Path(shown(str(path))), sentence))
    found.unseen.append(name)


def shown(name: str) -> str:
    """A file's name with every byte that is no text (in Python: half a surrogate pair) replaced by “?”."""
    return name.encode("utf-8", "replace").decode("utf-8")


def _identity(status: os.stat_result) -> tuple[int, int]:
    return status.st_dev, status.st_ino


def _reason(error: OSError) -> str:
    return (error.strerror or str(error)).lower()
