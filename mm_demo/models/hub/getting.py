"""Brings a model from the hub into its cache."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Callable
from pathlib import Path

from filelock import Timeout
from huggingface_hub import constants, is_offline_mode

from mm_demo.errors import UserError
from mm_demo.models.catalog import find_card
from mm_demo.models.hub.cache import alone, local_folder, repository_folder
from mm_demo.models.hub.fetching import fetch, is_intact, partial
from mm_demo.models.hub.listing import HubFile, Listing, ask
from mm_demo.models.hub.problems import Cancelled, UnfitRevision, Unreachable, disk_problem, offline
from mm_demo.models.hub.progress import Meter, Progress
from mm_demo.models.hub.sizes import megabytes

__all__ = ["Cancelled", "Progress", "get"]

_PATIENCE = 24 * 3600.0  # seconds to wait for another process that is getting the same model


def get(
    model_id: str,
    *,
    revision: str | None = None,
    progress: Callable[[Progress], None] | None = None,
    cancel: threading.Event | None = None,
) -> Path:
    """Download what is missing of a model: safetensors, configuration and tokenizer, never code.

    A download that was interrupted or cancelled goes on from where it was. A model that is here is looked over: what
    is damaged comes anew. It stays at the commit it was first got at; to have a newer one, free it first.

    Args:
        model_id: a hub id, OWNER/NAME.
        revision: branch, tag or commit. None: the one that the catalog pins, or the main branch where there is none or
            the hub has it no longer.
        progress: told how far it is, from the first moment on with the true total, in the thread that called.
        cancel: set it, from any thread, to end the download.

    Returns:
        The checkpoint's folder.

    Raises:
        Cancelled: it was cancelled.
        UserError: the model can't be had; the sentence says why, and what to do.
    """
    card = find_card(model_id)
    if card is not None and card.tier == "embedded":
        raise UserError(f"The model '{model_id}' comes with the app: there is nothing to get.")
    repository = repository_folder(model_id)
    if repository is None:
        raise UserError(f"'{model_id}' is no hub id; write it as OWNER/NAME.")
    stop = cancel or threading.Event()
    wanted = revision or (card.revision if card is not None else None)
    try:
        try:
            listing = _listing(model_id, wanted, stop)
        except UnfitRevision:
            if revision is not None or wanted is None:
                raise
            # Pins age: a branch that a pin was on can be written anew. What main means now becomes the pin then.
            listing = _listing(model_id, None, stop)
    except Unreachable:
        here = local_folder(model_id, revision)
        if here is None:
            raise
        return here
    try:
        with alone(model_id, _PATIENCE, stop):
            return _bring(model_id, repository, listing, progress, stop)
    except Timeout:
        raise Cancelled(f"The download of '{model_id}' was cancelled.") from None
    except OSError as error:
        raise disk_problem(error) from error


def _listing(model_id: str, revision: str | None, cancel: threading.Event) -> Listing:
    if is_offline_mode():
        raise offline()
    try:
        return ask(model_id, revision, cancel)
    except UserError:
        if cancel.is_set():
            raise Cancelled(f"The download of '{model_id}' was cancelled.") from None
        raise


def _bring(
    model_id: str,
    repository: Path,
    listing: Listing,
    progress: Callable[[Progress], None] | None,
    cancel: threading.Event,
) -> Path:
    blobs = repository / "blobs"
    blobs.mkdir(parents=True, exist_ok=True)
    snapshot = repository / "snapshots" / listing.commit
    begun = sum(_begun(file, blobs, snapshot) for file in listing.files)
    _check_space(model_id, blobs, listing.size - begun)
    meter = Meter(begun, listing.size, progress)
    _remember(repository, listing)
    for file in listing.files:
        if cancel.is_set():
            raise Cancelled(f"The download of '{model_id}' was cancelled.")
        if not _is_here(file, blobs, snapshot, meter):
            fetch(model_id, listing, file, blobs, meter, cancel)
    _link(listing, blobs, snapshot)
    meter.say()
    folder = local_folder(model_id, listing.commit)
    if folder is None:
        raise UserError(f"What the hub has of '{model_id}' is no whole checkpoint; choose another revision or model.")
    return folder


def _places(file: HubFile, blobs: Path, snapshot: Path) -> tuple[Path, Path]:
    """Where a whole file may lie: among the blobs, or under its name where the disk knows no links."""
    return blobs / file.digest, snapshot / file.name


def _begun(file: HubFile, blobs: Path, snapshot: Path) -> int:
    """How many bytes of a file are in the cache, going by sizes alone."""
    if any(_size(path) == file.size for path in _places(file, blobs, snapshot)):
        return file.size
    return min(_size(partial(blobs, file)), file.size)


def _is_here(file: HubFile, blobs: Path, snapshot: Path, meter: Meter) -> bool:
    """Whether a file is in the cache and whole; a damaged one is deleted."""
    for path in _places(file, blobs, snapshot):
        if path.is_file():
            if is_intact(path, file):
                return True
            meter.lost(_begun(file, blobs, snapshot) - _size(partial(blobs, file)))
            path.unlink()
    return False


def _check_space(model_id: str, folder: Path, lacking: int) -> None:
    space = shutil.disk_usage(folder).free
    if lacking > space:
        raise UserError(
            f"The model '{model_id}' needs {megabytes(lacking)}, and {megabytes(space)} are free on the disk with "
            f"{constants.HF_HUB_CACHE}; free some, or set HF_HOME to a folder on another disk."
        )


def _remember(repository: Path, listing: Listing) -> None:
    """Write down which commit the revision means, so that it goes on meaning it."""
    if listing.revision != listing.commit:
        reference = repository / "refs" / listing.revision
        reference.parent.mkdir(parents=True, exist_ok=True)
        reference.write_text(listing.commit, encoding="ascii")


def _link(listing: Listing, blobs: Path, snapshot: Path) -> None:
    """Make the files appear under their names; the configuration last, without which there is no model yet."""
    snapshot.mkdir(parents=True, exist_ok=True)
    for file in sorted(listing.files, key=lambda file: file.name == "config.json"):
        blob, name = blobs / file.digest, snapshot / file.name
        if name.is_file() and not blob.exists():
            continue
        name.unlink(missing_ok=True)
        try:
            name.symlink_to(os.path.relpath(blob, snapshot))
        except OSError:  # a disk that knows no links
            shutil.move(blob, name)


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0
