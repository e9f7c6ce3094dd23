"""A person's own gallery: pictures or a zip they sent, or a folder of this machine where they are its user."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

from mm_demo.errors import UserError
from mm_demo.index import Limits, unpack
from mm_demo.index.files import is_picture_name

LIMITS = Limits(files=5_000, file_bytes=50_000_000, total_bytes=500_000_000)
"""What one person may send at once: files, bytes of each and bytes in all, after unpacking."""

_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_FORWARDED = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip")


@dataclass(frozen=True)
class Sent:
    """What a person sent, in a folder of its own.

    Attributes:
        place: deleted with this object, that is as soon as nobody refers to it any more.
        others: names of files that are neither pictures nor zips; they were left out.
    """

    place: TemporaryDirectory[str]
    others: list[str] = field(default_factory=list)

    @property
    def pictures(self) -> Path:
        """The folder of the pictures."""
        return Path(self.place.name) / "pictures"

    def index(self, model: str) -> Path:
        """Where a model's index of them is kept."""
        return Path(self.place.name) / f"index-{sha256(model.encode()).hexdigest()[:16]}"


def received(files: Sequence[str], limits: Limits = LIMITS) -> Sent:
    """Put what a person sent, pictures and zips of them, into a temporary folder.

    Args:
        files: paths of what arrived.
        limits: for all of it together.

    Raises:
        UserError: a zip is refused, there is no picture in all of it, or it is too much.
    """
    place = TemporaryDirectory(prefix="mm_demo-gallery-", ignore_cleanup_errors=True)
    sent = Sent(place)
    sent.pictures.mkdir()
    count, size = 0, 0
    for path in map(Path, files):
        left = Limits(max(0, limits.files - count), limits.file_bytes, max(0, limits.total_bytes - size))
        if path.suffix.lower() == ".zip":
            target = _free(sent.pictures / (path.stem.strip(". ") or "zip"))
            count += unpack(path, target, left)
            size += sum(found.stat().st_size for found in target.rglob("*") if found.is_file())
        elif is_picture_name(path.name):
            count, size = count + 1, size + path.stat().st_size
            if count > limits.files or size > limits.total_bytes:
                raise UserError(
                    f"This is more than {limits.files:,} pictures or {limits.total_bytes / 1e6:,.0f} MB: send fewer at "
                    "once."
                )
            shutil.copyfile(path, _free(sent.pictures / path.name))
        else:
            sent.others.append(path.name)
    if not count:
        raise UserError("None of these files is a picture or a zip of pictures: send PNG or JPEG files, or a zip.")
    return sent


def _free(path: Path) -> Path:
    """The path, or one beside it that no file has yet."""
    number, free = 1, path
    while free.exists():
        number += 1
        free = path.with_name(f"{path.stem} ({number}){path.suffix}")
    return free


def check_folder(folder: str, allowed: bool) -> str:
    """The path of a folder of this machine, where somebody named one who may.

    Raises:
        UserError: otherwise.
    """
    if not allowed:
        raise UserError("This app reads only what it was given: upload pictures or a zip of them instead of a folder.")
    if not folder.strip():
        raise UserError("There is no folder yet: give the path of a folder with pictures, then press Index.")
    return str(Path(folder.strip()).expanduser())


def from_this_machine(client: str | None, headers: Mapping[str, str]) -> bool:
    """Whether a request came straight from a browser on this machine that knows the app by one of the machine's names.

    Neither a proxy in front of the app counts, nor another site whose name was made to point at this address.
    """
    host = headers.get("host", "")
    name = host[1 : host.find("]")] if host.startswith("[") else host.partition(":")[0]
    direct = not any(header in headers for header in _FORWARDED)
    return direct and is_loopback(client or "") and is_loopback(name)


def is_loopback(host: str) -> bool:
    """Whether an address or name stands for this machine itself."""
    return host in _LOOPBACK
