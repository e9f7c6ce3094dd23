"""The hub's cache on this machine: what is in it, read without a network, and making room.

The folder is huggingface_hub's own and laid out as it does it, so that what any other program has downloaded is found,
and the other way round: `models--OWNER--NAME/` with `blobs/` (the files, named by their hashes), `snapshots/COMMIT/`
(links to them) and `refs/` (which commit a branch meant when it was last asked for). `HF_HOME` and `HF_HUB_CACHE` are
read by huggingface_hub when it is first imported.
"""

from __future__ import annotations

import re
import shutil
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from filelock import FileLock, Timeout
from huggingface_hub import constants, scan_cache_dir
from huggingface_hub.errors import HFValidationError
from huggingface_hub.utils import validate_repo_id  # type: ignore[attr-defined]  # exported lazily
from safetensors import SafetensorError, safe_open

from mm_demo.errors import UserError
from mm_demo.models.catalog import find_card
from mm_demo.models.checkpoint import weight_files

COMMIT = re.compile(r"[0-9a-f]{40}")


def repository_folder(model_id: str) -> Path | None:
    """Where a repository lies in the cache, whether it is there or not; None where the name can't be a hub id."""
    try:
        validate_repo_id(model_id)
    except HFValidationError:
        return None
    return Path(constants.HF_HUB_CACHE) / f"models--{model_id.replace('/', '--')}"


def local_folder(model_id: str, revision: str | None = None) -> Path | None:
    """The folder of a complete checkpoint in the cache; None where it is missing, partial or damaged.

    Args:
        model_id: a hub id.
        revision: branch, tag or commit. None: the one that the catalog pins, or else what is here: "main" as it was
            when it was got, or another revision.
    """
    repository = repository_folder(model_id)
    if repository is None:
        return None
    card = find_card(model_id)
    pinned = [card.revision] if card is not None and card.revision is not None else []
    for name in [revision] if revision is not None else [*pinned, "main", *_other_revisions(repository)]:
        commit = known_commit(model_id, name)
        if commit is not None and _is_complete(folder := repository / "snapshots" / commit):
            return folder
    return None


def known_commit(model_id: str, revision: str) -> str | None:
    """The commit that a branch or tag meant when it was last asked for; None where it never was."""
    repository = repository_folder(model_id)
    if repository is None or COMMIT.fullmatch(revision):
        return revision if repository is not None else None
    try:
        commit = (repository / "refs" / revision).read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return None
    return commit if COMMIT.fullmatch(commit) else None


def bytes_here(model_id: str) -> int:
    """Bytes that a model takes on the disk, those of a partial download too; 0 where there are none."""
    repository = repository_folder(model_id)
    if repository is None:
        return 0
    files = [*repository.glob("blobs/*"), *(f for f in repository.glob("snapshots/**/*") if not f.is_symlink())]
    return sum(file.stat().st_size for file in files if file.is_file())


def free(model_id: str) -> int:
    """Delete a model, all its revisions and what a download left unfinished.

    Returns:
        How many bytes were freed.

    Raises:
        UserError: nothing of it is in the cache, it is being downloaded, or it can't be deleted.
    """
    repository, size = repository_folder(model_id), bytes_here(model_id)
    if repository is None or not size:
        raise UserError(f"Nothing of the model '{model_id}' is in {constants.HF_HUB_CACHE}: there is nothing to free.")
    try:
        with alone(model_id, patience=0.1):
            cache = scan_cache_dir(constants.HF_HUB_CACHE)
            found = (repo for repo in cache.repos if repo.repo_path.name == repository.name)
            commits = [revision.commit_hash for repo in found for revision in repo.revisions]
            if commits:
                cache.delete_revisions(*commits).execute()
            if repository.exists():  # the library takes a download that was never finished for no revision
                shutil.rmtree(repository)
    except Timeout:
        raise UserError(f"The model '{model_id}' is being downloaded; cancel that first.") from None
    except OSError as error:
        raise UserError(f"'{repository}' can't be deleted: {error.strerror or error}.") from error
    return size - bytes_here(model_id)


@contextmanager
def alone(model_id: str, patience: float, cancel: threading.Event | None = None) -> Iterator[None]:
    """Hold the one lock there is, among all processes, on what is in the cache of a model.

    Args:
        model_id: a valid hub id.
        patience: seconds to wait for whoever holds it.
        cancel: ends the waiting as well.

    Raises:
        filelock.Timeout: somebody else holds it still.
        OSError: the cache can't be written to.
    """
    path = Path(constants.HF_HUB_CACHE) / ".locks" / f"models--{model_id.replace('/', '--')}" / "get.lock"
    path.parent.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        while True:
            try:
                stack.enter_context(FileLock(path, timeout=min(patience, 0.2)))
                break
            except Timeout:
                patience -= 0.2
                if patience <= 0 or (cancel is not None and cancel.is_set()):
                    raise
        yield


def _other_revisions(repository: Path) -> list[str]:
    refs = repository / "refs"
    names = (path.relative_to(refs).as_posix() for path in refs.rglob("*") if path.is_file())
    return sorted(name for name in names if name != "main")


def _is_complete(folder: Path) -> bool:
    """Whether config and weights are there and whole, and no link leads nowhere."""
    if not (folder / "config.json").is_file() or not all(path.exists() for path in folder.iterdir()):
        return False
    try:
        for path in weight_files(folder):
            with safe_open(path, framework="numpy"):  # reads the header, and compares it with the file's size
                pass
    except (UserError, SafetensorError, OSError):
        return False
    return True
