"""Brings one file of the hub into the cache: goes on where an earlier try stopped, and believes only its hash.

huggingface_hub itself throws an unfinished file away (its temporary files belong to one process), and its fast way,
Xet, can neither be cancelled without ending everybody's downloads nor go on from what is there. So files come over
plain HTTP, which the hub offers for all of them, in ranges.
"""

from __future__ import annotations

import hashlib
import os
import threading
from pathlib import Path
from urllib.parse import quote

import httpx2
from huggingface_hub import constants, get_session, hf_raise_for_status
from huggingface_hub.errors import HfHubHTTPError
from huggingface_hub.utils import build_hf_headers  # type: ignore[attr-defined]  # exported lazily

from mm_demo.errors import UserError
from mm_demo.models.hub.listing import HubFile, Listing
from mm_demo.models.hub.problems import Cancelled, as_sentence, is_passing
from mm_demo.models.hub.progress import Meter
from mm_demo.models.hub.sizes import megabytes

_TIMEOUT = httpx2.Timeout(6.0, connect=3.0)
_ATTEMPTS = 4  # in a row without a single new byte
_PAUSE = 0.4  # seconds before the second of them; doubles


def partial(blobs: Path, file: HubFile) -> Path:
    """Where a file lies while it is not whole."""
    return blobs / f"{file.digest}.incomplete"


def fetch(model_id: str, listing: Listing, file: HubFile, blobs: Path, meter: Meter, cancel: threading.Event) -> None:
    """Bring a file to its place among the blobs.

    Args:
        model_id: the repository.
        listing: the commit that the file is of.
        file: the file.
        blobs: the repository's folder of blobs.
        meter: told of every byte.
        cancel: ends the download between two chunks.

    Raises:
        Cancelled: it was.
        UserError: the hub refuses, the connection breaks again and again, or what came is not what was promised.
        OSError: the disk refuses.
    """
    unfinished, failures = partial(blobs, file), 0
    while True:
        before = _size(unfinished)
        try:
            _go_on(model_id, listing.commit, file, unfinished, meter, cancel)
            break
        except HfHubHTTPError as error:
            if not is_passing(error):
                raise as_sentence(error, model_id, listing.revision) from error
            problem = as_sentence(error, model_id, listing.revision)
        except (httpx2.TransportError, _Interrupted):
            kept = f"{megabytes(meter.done)} of {megabytes(meter.total)}"
            problem = UserError(f"The connection to the hub broke; {kept} are kept: get '{model_id}' again to go on.")
        failures = 0 if _size(unfinished) > before else failures + 1
        if failures >= _ATTEMPTS:
            raise problem
        if cancel.wait(_PAUSE * 2**failures):
            raise Cancelled(f"The download of '{model_id}' was cancelled.")
    if not is_intact(unfinished, file):
        meter.lost(file.size)
        unfinished.unlink()
        raise UserError(
            f"The file {file.name} of '{model_id}' came damaged (its hash is wrong) and was deleted; get it again."
        )
    os.replace(unfinished, blobs / file.digest)


def is_intact(path: Path, file: HubFile) -> bool:
    """Whether a file on this disk is what the hub says it is: by its size and its hash."""
    if _size(path) != file.size:
        return False
    is_git = len(file.digest) == 40
    digest = hashlib.sha1(f"blob {file.size}\0".encode()) if is_git else hashlib.sha256()
    with path.open("rb") as content:
        while chunk := content.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest() == file.digest


class _Interrupted(Exception):
    """The answer ended before the file did."""


def _go_on(model_id: str, commit: str, file: HubFile, unfinished: Path, meter: Meter, cancel: threading.Event) -> None:
    """Append to the unfinished file what it lacks."""
    start = _size(unfinished)
    if start > file.size:
        _drop(unfinished, file, meter)
        start = 0
    if start == file.size and unfinished.exists():
        return
    headers = build_hf_headers() | {"Accept-Encoding": "identity"}
    if start:
        headers["Range"] = f"bytes={start}-"
    url = f"{constants.ENDPOINT}/{model_id}/resolve/{commit}/{quote(file.name)}"
    with get_session().stream("GET", url, headers=headers, timeout=_TIMEOUT, follow_redirects=True) as response:
        if response.status_code == 416:
            _drop(unfinished, file, meter)
            raise _Interrupted
        hf_raise_for_status(response)
        if start and response.status_code != 206:  # the whole file comes, though only the rest was asked for
            _drop(unfinished, file, meter)
        with unfinished.open("ab") as out:
            for chunk in response.iter_bytes():  # in larger chunks, a break would lose up to one
                if cancel.is_set():
                    raise Cancelled(f"The download of '{model_id}' was cancelled.")
                out.write(chunk)
                meter.came(len(chunk))
                if out.tell() > file.size:
                    break
    if _size(unfinished) < file.size:
        raise _Interrupted


def _drop(unfinished: Path, file: HubFile, meter: Meter) -> None:
    meter.lost(min(_size(unfinished), file.size))
    unfinished.unlink(missing_ok=True)


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
