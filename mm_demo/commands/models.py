"""`models [list|check]`: which models there are, which are on this machine, and whether those open."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mm_demo.commands.report import Report, table
from mm_demo.errors import UserError
from mm_demo.models.catalog import WEIGHTS

if TYPE_CHECKING:
    from mm_demo.models.catalog import ModelCard

HELP = "list the models, or check that those on this machine open"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "action", nargs="?", choices=("list", "check"), default="list", help="list (the default) or check"
    )


def run(arguments: argparse.Namespace) -> Report:
    cards = _chosen(arguments.model)
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
            "licence": card.licence,
            "good_for": card.good_for,
            "revision": card.revision,
            "here": is_here(card),
        }
        for card in cards
    ]
    rows = [
        (card.id, card.tasks, "yes" if e["here"] else "no", megabytes(card.size_bytes), card.licence, card.good_for)
        for card, e in zip(cards, entries, strict=True)
    ]
    return Report({"models": entries}, table(rows, ["model", "tasks", "here", "size", "licence", "good for"]))


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

    from huggingface_hub import snapshot_download

    try:
        folder = snapshot_download(card.id, revision=card.revision, local_files_only=True)
    except OSError:
        return False
    return any(Path(folder).glob("*.safetensors"))


def megabytes(size: int) -> str:
    """A size as people read it: "3 MB", "1.9 GB"."""
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{size / 1e6:.0f} MB"


def _chosen(model: str | None) -> list[ModelCard]:
    from mm_demo.models.catalog import CATALOG

    cards = [card for card in CATALOG if model in (None, card.id)]
    if not cards:
        raise UserError(f"No model in the list is called “{model}”: `python -m mm_demo models` shows them all.")
    return cards
