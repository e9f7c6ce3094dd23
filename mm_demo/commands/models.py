"""`models [list|get|check|free]`: which models there are, bring one here, whether those here open, and make room."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, Any

from mm_demo.commands.report import Report, table
from mm_demo.errors import UserError
from mm_demo.models.catalog import WEIGHTS
from mm_demo.models.hub.sizes import megabytes

if TYPE_CHECKING:
    from mm_demo.models.catalog import ModelCard
    from mm_demo.models.hub.progress import Progress

HELP = "list the models, get one from the hub, check that those on this machine open, or free the space of one"

_ACTIONS = ("list", "get", "check", "free")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("action", nargs="?", choices=_ACTIONS, default="list", help="list is the default")
    parser.add_argument("id", nargs="?", metavar="ID", help="the model to get or to free, or to list or check alone")
    parser.add_argument("--revision", help="get: a branch, tag or commit in place of the pinned one")


def run(arguments: argparse.Namespace) -> Report:
    name = arguments.id or arguments.model
    if arguments.action in ("get", "free"):
        if name is None:
            raise UserError(f"Say which model to {arguments.action}: `python -m mm_demo models {arguments.action} ID`.")
        return get(name, arguments.revision) if arguments.action == "get" else free(name)
    cards = _chosen(name)
    return check(cards, arguments.device) if arguments.action == "check" else listing(cards)


def listing(cards: list[ModelCard]) -> Report:
    """Every card as data, and a table of what a person chooses by."""
    entries = [
        {
            "id": card.id,
            "tasks": list(card.tasks),
            "family": card.family,
            "tier": card.tier,
            "title": card.title,
            "size_bytes": card.size_bytes,
            "memory_bytes": card.memory_bytes,
            "licence": card.licence,
            "good_for": card.good_for,
            "revision": card.revision,
            "here": is_here(card),
            "bytes_here": _bytes_here(card),
        }
        for card in cards
    ]
    rows = [
        (
            card.id,
            card.tasks,
            "yes" if entry["here"] else "in part" if entry["bytes_here"] else "no",
            megabytes(card.size_bytes),
            megabytes(card.memory_bytes),
            card.licence,
            (card.revision or "–")[:10],
            card.good_for,
        )
        for card, entry in zip(cards, entries, strict=True)
    ]
    headings = ["model", "tasks", "here", "size", "memory", "licence", "revision", "good for"]
    return Report({"models": entries}, table(rows, headings))


def get(name: str, revision: str | None) -> Report:
    """Bring a model here, with a bar on standard error; Ctrl-C keeps what has come."""
    from tqdm import tqdm

    from mm_demo.models.hub.cache import bytes_here
    from mm_demo.models.hub.getting import get as get_model

    bar: tqdm | None = None

    def show(progress: Progress) -> None:
        nonlocal bar
        if bar is None:
            every = 0.1 if sys.stderr.isatty() else 5.0
            size = {"total": progress.total, "initial": progress.done}
            bar = tqdm(desc=name, unit="B", unit_scale=True, file=sys.stderr, mininterval=every, leave=False, **size)
        bar.update(progress.done - bar.n)

    try:
        folder = get_model(name, revision=revision, progress=show)
    except KeyboardInterrupt:
        kept = megabytes(bytes_here(name))
        raise KeyboardInterrupt(f"stopped; {kept} of '{name}' are kept, and getting it again goes on.") from None
    finally:
        if bar is not None:
            bar.close()
    size = bytes_here(name)
    text = f"'{name}' is here ({megabytes(size)}): {folder}"
    return Report({"id": name, "path": str(folder), "commit": folder.name, "bytes_here": size}, text)


def free(name: str) -> Report:
    """Delete a model of the hub from this machine."""
    from mm_demo.models.hub.cache import free as free_model

    size = free_model(name)
    return Report({"id": name, "freed_bytes": size}, f"Freed {megabytes(size)} of '{name}'.")


def check(cards: list[ModelCard], device: str | None) -> Report:
    """Open every model that is on this machine, for each of its tasks; the status is 1 where one does not open."""
    from mm_demo.models.loading import open_model

    entries: list[dict[str, Any]] = []
    for card in cards:
        for task in card.tasks if is_here(card) else ():
            try:
                open_model(task, card.id, device)
                problem = None
            except UserError as error:
                problem = str(error)
            entries.append({"id": card.id, "task": task, "opens": problem is None, "problem": problem})
    rows = [(e["id"], e["task"], e["problem"] or "opens") for e in entries]
    text = table(rows, ["model", "task", "state"]) if rows else "None of these models is on this machine."
    return Report({"models": entries}, text, status=0 if all(e["opens"] for e in entries) else 1)


def is_here(card: ModelCard) -> bool:
    """Whether a model can be opened without a network."""
    if card.tier == "embedded":
        return any((WEIGHTS / card.id).glob("*.safetensors"))
    from mm_demo.models.hub.cache import local_folder

    return local_folder(card.id) is not None


def _bytes_here(card: ModelCard) -> int:
    if card.tier == "embedded":
        return sum(file.stat().st_size for file in (WEIGHTS / card.id).glob("*"))
    from mm_demo.models.hub.cache import bytes_here

    return bytes_here(card.id)


def _chosen(model: str | None) -> list[ModelCard]:
    from mm_demo.models.catalog import CATALOG

    cards = [card for card in CATALOG if model in (None, card.id)]
    if not cards:
        raise UserError(f"No model in the list is called “{model}”: `python -m mm_demo models` shows them all.")
    return cards
