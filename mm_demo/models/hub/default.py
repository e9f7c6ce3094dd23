"""Which model a task starts with."""

from __future__ import annotations

from mm_demo.models.catalog import cards_for
from mm_demo.models.device import choose_device
from mm_demo.models.hub.cache import local_folder

_BY_EMBEDDED_ONLY = ("sentiment",)
"""Tasks whose hub models do less than the embedded one: each hears or reads, and only the embedded one does both."""


def default_model(task: str) -> str:
    """The id of the model that a task starts with where none is named.

    The embedded one, where there is one; on a machine with a GPU the first of the catalog's hub models for that task
    that is in the cache. Never looks at the network.
    """
    first = cards_for(task)[0].id
    if task in _BY_EMBEDDED_ONLY or choose_device().device.type == "cpu":
        return first
    return next((card.id for card in cards_for(task, "hub") if local_folder(card.id) is not None), first)
