"""What the hub has of a model: the files that are needed, with sizes and hashes, before any of them is fetched."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, wait
from dataclasses import dataclass
from typing import TypeVar

from huggingface_hub import HfApi, constants
from huggingface_hub.errors import HfHubHTTPError
from huggingface_hub.hf_api import ModelInfo, RepoSibling

from mm_demo.errors import UserError
from mm_demo.models.catalog import CATALOG, find_card
from mm_demo.models.checkpoint import INDEX, WEIGHTS
from mm_demo.models.hub.cache import COMMIT, known_commit
from mm_demo.models.hub.problems import NotTheHub, UnfitRevision, as_sentence, is_passing

ANSWER_SECONDS = 2.0
"""How long the hub may take to answer before it counts as out of reach."""

_ATTEMPTS = 3
_SHARD = re.compile(r"model-\d{5}-of-\d{5}\.safetensors")
_NEEDED = (".json", ".txt", ".model", ".jinja")
_USELESS = (".bin.index.json", ".h5.index.json", ".msgpack.index.json")
_NAME = re.compile(r"[\w.+-]+")
_DIGEST = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_CONVERTER = "SFconvertbot"

Answer = TypeVar("Answer")


@dataclass(frozen=True)
class HubFile:
    """One file of a repository.

    Attributes:
        name: its name; files in sub-folders are never needed.
        size: in bytes.
        digest: SHA-256 of its content where it is stored as a large file, else the SHA-1 that git gives it; what it is
            called among the blobs of the cache.
    """

    name: str
    size: int
    digest: str


@dataclass(frozen=True)
class Listing:
    """The files of one commit that make a checkpoint, smallest first.

    Attributes:
        revision: the branch, tag or commit that was asked for.
        commit: the commit that it means.
        files: weights, configuration, tokenizer.
    """

    revision: str
    commit: str
    files: tuple[HubFile, ...]

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(file.size for file in self.files)


def ask(model_id: str, revision: str | None, cancel: threading.Event) -> Listing:
    """Ask the hub for the files of a model.

    A model that is asked for without a revision, and has only pickles on its main branch, is looked for in the open
    pull request in which the hub's own bot has converted them.

    Args:
        model_id: a valid hub id.
        revision: branch, tag or commit; None for the main branch. A branch goes on meaning the commit that it meant
            when the model was first got.
        cancel: ends the waiting.

    Raises:
        UnfitRevision: it has no such revision, or no safetensors in it.
        UserError: the hub can't be reached, or refuses.
    """
    api = HfApi(endpoint=constants.ENDPOINT)
    name = revision or "main"
    wanted = known_commit(model_id, name) or name
    listing = _listing(_info(api, model_id, wanted, cancel), name)
    if revision is None and not _has_weights(listing.files):
        converted = _asked(lambda: _conversions(api, model_id), model_id, wanted, cancel)
        if converted:
            return ask(model_id, converted[0], cancel)
    if not _has_weights(listing.files):
        raise UnfitRevision(
            f"The hub has no safetensors of '{model_id}' ({listing.revision}), and the pickles in their place can run "
            f"code: nothing was downloaded; {_instead(model_id)}."
        )
    return listing


def _info(api: HfApi, model_id: str, revision: str, cancel: threading.Event) -> ModelInfo:
    def call() -> ModelInfo:
        return api.model_info(model_id, revision=revision, files_metadata=True, timeout=ANSWER_SECONDS)

    return _asked(call, model_id, revision, cancel)


def _conversions(api: HfApi, model_id: str) -> list[str]:
    """Newest first: the open pull requests of the bot, and of nobody else, since anyone can open one."""
    found = api.get_repo_discussions(
        model_id, author=_CONVERTER, discussion_type="pull_request", discussion_status="open"
    )
    return [f"refs/pr/{pull.num}" for pull in found if pull.author == _CONVERTER and "safetensors" in pull.title]


def _asked(call: Callable[[], Answer], model_id: str, revision: str, cancel: threading.Event) -> Answer:
    """What the hub answers to a call: tried again where it is overloaded, a UserError where it can't or won't."""
    for attempt in range(_ATTEMPTS):
        try:
            return _within(ANSWER_SECONDS, call, cancel)
        except UserError:
            raise
        except HfHubHTTPError as error:
            if not is_passing(error) or attempt == _ATTEMPTS - 1 or cancel.wait(0.3 * 2**attempt):
                raise as_sentence(error, model_id, revision) from error
        except Exception as error:  # whatever a foreign server's answer makes the library raise
            raise as_sentence(error, model_id, revision) from error
    raise AssertionError("the last attempt returns or raises")


def _within(seconds: float, call: Callable[[], Answer], cancel: threading.Event) -> Answer:
    """Run a call in a thread that is left to itself when time is up.

    Time-outs of the HTTP client are not enough: they hold for each address and each step apart, and not for the
    resolution of the name.
    """
    future: Future[Answer] = Future()

    def run() -> None:
        try:
            future.set_result(call())
        except BaseException as error:
            future.set_exception(error)

    threading.Thread(target=run, name="ask-hub", daemon=True).start()
    deadline = time.monotonic() + seconds
    while not wait([future], timeout=0.05).done:
        if cancel.is_set() or time.monotonic() > deadline:
            raise TimeoutError
    return future.result()


def _listing(info: ModelInfo, revision: str) -> Listing:
    if info.sha is None or not COMMIT.fullmatch(info.sha):
        raise NotTheHub
    chosen = _needed(info.siblings or [])
    files = tuple(sorted((_file(sibling) for sibling in chosen), key=lambda file: (file.size, file.name)))
    return Listing(revision, info.sha, files)


def _file(sibling: RepoSibling) -> HubFile:
    digest = sibling.lfs.sha256 if sibling.lfs is not None else sibling.blob_id
    size = sibling.lfs.size if sibling.lfs is not None else sibling.size
    if digest is None or size is None or not _DIGEST.fullmatch(digest):
        raise NotTheHub
    return HubFile(sibling.rfilename, size, digest)


def _needed(siblings: Sequence[RepoSibling]) -> list[RepoSibling]:
    """Of all files those that `from_pretrained` reads; of weights that are there twice, those that it prefers."""
    names = {sibling.rfilename for sibling in siblings}
    sharded = WEIGHTS not in names and INDEX in names

    def is_needed(name: str) -> bool:
        if not _NAME.fullmatch(name):  # in a sub-folder
            return False
        if name.endswith(".safetensors"):
            return name == WEIGHTS or (sharded and _SHARD.fullmatch(name) is not None)
        return name.endswith(_NEEDED) and not name.endswith(_USELESS) and (sharded or name != INDEX)

    return [sibling for sibling in siblings if is_needed(sibling.rfilename)]


def _has_weights(files: Sequence[HubFile]) -> bool:
    return any(file.name.endswith(".safetensors") for file in files)


def _instead(model_id: str) -> str:
    card = find_card(model_id)
    tasks = set(card.tasks) if card is not None else set()
    other = next((c.id for c in CATALOG if c.tier == "hub" and c.id != model_id and tasks & set(c.tasks)), None)
    return f"try '{other}'" if other is not None else "`python -m mm_demo models` lists models that can be had"
