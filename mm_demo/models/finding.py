"""Where a checkpoint lies: in the repository's `weights/`, in a local folder, or in the hub's cache."""

from __future__ import annotations

from pathlib import Path

from mm_demo.errors import UserError
from mm_demo.models.catalog import WEIGHTS, Tier, cards_for, find_card
from mm_demo.models.hub.cache import bytes_here, local_folder
from mm_demo.models.hub.sizes import megabytes


def find_checkpoint(name: str, task: str) -> tuple[Path, Tier]:
    """The folder of a checkpoint, and where it is from; never looks at the network.

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
    cached = local_folder(name)
    if cached is not None:
        return cached, "hub"
    how = f"`python -m mm_demo models get {name}`, or in the app's Models tab"
    if begun := bytes_here(name):
        raise UserError(f"The model '{name}' is incomplete ({megabytes(begun)} are here); get the rest with {how}.")
    if card is not None:
        raise UserError(f"The model '{name}' is not on this machine yet; download it once with {how}.")
    known = ", ".join(card.id for card in cards_for(task))
    raise UserError(
        f"There is no model '{name}': it is neither a folder nor a downloaded model; get it from the hub with "
        f"`python -m mm_demo models get`, or give one of: {known}."
    )
