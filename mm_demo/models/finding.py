"""Where a checkpoint lies: in the repository's `weights/`, in a local folder, or in the hub's cache."""

from __future__ import annotations

from pathlib import Path

from huggingface_hub import snapshot_download
from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError

from mm_demo.errors import UserError
from mm_demo.models.catalog import WEIGHTS, Tier, cards_for, find_card


def find_checkpoint(name: str, task: str) -> tuple[Path, Tier]:
    """The folder of a checkpoint, and where it is from.

    Args:
        name: an id of the catalog, a hub id that is in the cache, or a local folder.
        task: what it is wanted for; the sentence for a name that nobody knows lists its models.

    Raises:
        UserError: it is not on this machine.
    """
    card = find_card(name)
    if card is not None and card.tier == "embedded":
        folder = WEIGHTS / card.id
        if not folder.is_dir():
            raise UserError(
                f"The embedded model '{name}' is not in {WEIGHTS}; restore that folder from the repository."
            )
        return folder, "embedded"
    local = Path(name).expanduser()
    if local.is_dir():
        return local.resolve(), "local"
    revision = card.revision if card is not None else None
    try:
        return Path(snapshot_download(name, revision=revision, local_files_only=True)), "hub"
    except (LocalEntryNotFoundError, HFValidationError, OSError, ValueError) as error:
        if card is not None:
            raise UserError(
                f"The model '{name}' is not on this machine yet; download it once with 'hf download {name}'."
            ) from error
        raise UserError(
            f"There is no model '{name}': it is neither a folder nor a downloaded model; give one of: {_known(task)}."
        ) from error


def _known(task: str) -> str:
    return ", ".join(card.id for card in cards_for(task))
