"""A zip of pictures, as a stranger may send it, unpacked into a folder."""

from __future__ import annotations

import lzma
import shutil
import stat
import tempfile
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from mm_demo.errors import UserError
from mm_demo.index.files import is_picture_name, shown

_CHUNK = 1 << 20
_ENCRYPTED = 0x1
_DAMAGED = "is damaged or cut short: make it again and try once more."


@dataclass(frozen=True)
class Limits:
    """How much may come out of one zip."""

    files: int = 20_000
    """Entries of any kind."""
    file_bytes: int = 200_000_000
    total_bytes: int = 2_000_000_000
    """Also the most that the zip itself may have."""


def unpack(archive: str | Path, folder: str | Path, limits: Limits = Limits()) -> int:
    """Unpack the pictures in a zip, all or none; whatever else is in it stays there.

    Args:
        archive: the zip.
        folder: where to; it must not exist yet. It appears when everything is in it.
        limits: checked against what the zip claims, and again against what comes out.

    Returns:
        The number of pictures, at least 1.

    Raises:
        UserError: the zip is no zip, damaged, encrypted, too large, holds no pictures, or holds a link or a path that
            leads outside; or the disk is full.
    """
    source, target = Path(archive), Path(folder)
    name = f"“{shown(source.name)}”"
    target.parent.mkdir(parents=True, exist_ok=True)
    place = Path(tempfile.mkdtemp(prefix=".unpacking-", dir=target.parent))
    try:
        if source.stat().st_size > limits.total_bytes:
            raise _too_large(name, limits)
        with zipfile.ZipFile(source) as opened:
            pictures = _checked(opened.infolist(), name, limits)
            left = limits.total_bytes
            for entry in pictures:
                left -= _extract(opened, entry, place, min(left, limits.file_bytes), name, limits)
        place.rename(target)
        return len({_path(entry) for entry in pictures})
    except UserError:
        raise
    except (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, UnicodeError) as error:
        raise UserError(f"{name} {_DAMAGED}") from error
    except (NotImplementedError, RuntimeError) as error:
        raise UserError(f"{name} is packed in a way that can't be read: make it an ordinary zip.") from error
    except OSError as error:
        raise UserError(
            f"{name} could not be unpacked ({(error.strerror or 'no such data').lower()}): see that it is there and "
            "that the disk has room, and try again."
        ) from error
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _checked(entries: list[zipfile.ZipInfo], name: str, limits: Limits) -> list[zipfile.ZipInfo]:
    """The entries that are pictures, after a look at all of them."""
    if len(entries) > limits.files:
        raise UserError(f"{name} holds more than {limits.files:,} files: split it, or index a folder instead.")
    for entry in entries:
        path = _path(entry)
        if path.is_absolute() or ".." in path.parts or any(":" in part for part in path.parts[:1]):
            raise UserError(f"{name} holds a path that leads outside of it: nothing was unpacked; make a plain zip.")
        if stat.S_ISLNK(entry.external_attr >> 16):
            raise UserError(f"{name} holds a link: nothing was unpacked; put the pictures themselves in it.")
    pictures = [
        entry
        for entry in entries
        if not entry.is_dir() and is_picture_name(_path(entry).name) and not _hidden(_path(entry))
    ]
    if not pictures:
        raise UserError(f"There are no pictures in {name}: choose another zip.")
    if any(entry.flag_bits & _ENCRYPTED for entry in pictures):
        raise UserError(f"{name} is encrypted: make it again without a password.")
    largest, total = max(entry.file_size for entry in pictures), sum(entry.file_size for entry in pictures)
    if largest > limits.file_bytes or total > limits.total_bytes:
        raise _too_large(name, limits)
    return pictures


def _extract(opened: zipfile.ZipFile, entry: zipfile.ZipInfo, place: Path, most: int, name: str, limits: Limits) -> int:
    """Write one picture; at most `most` bytes, whatever the zip claims. Returns its bytes."""
    path = place.joinpath(*_path(entry).parts)
    path.parent.mkdir(parents=True, exist_ok=True)
    written = 0
    with opened.open(entry) as packed, path.open("wb") as plain:
        while chunk := packed.read(_CHUNK):
            written += len(chunk)
            if written > most:
                raise _too_large(name, limits)
            plain.write(chunk)
    return written


def _path(entry: zipfile.ZipInfo) -> PurePosixPath:
    return PurePosixPath(entry.filename.replace("\\", "/"))  # Some programs on Windows write backslashes.


def _hidden(path: PurePosixPath) -> bool:
    return any(part.startswith(".") or part == "__MACOSX" for part in path.parts)


def _too_large(name: str, limits: Limits) -> UserError:
    return UserError(
        f"{name} unpacks to more than is allowed ({limits.file_bytes / 1e6:,.0f} MB a file, "
        f"{limits.total_bytes / 1e6:,.0f} MB in all): split it, or index a folder instead."
    )
