"""Which models a page may open by name, and who may change what is on the disk."""

from __future__ import annotations

import os
import re
from pathlib import Path

import gradio as gr

from mm_demo.errors import UserError
from mm_demo.models.catalog import WEIGHTS, cards_for, find_card
from mm_demo.ui.retrieval.own_gallery import from_this_machine

MODELS_TAB = "Models"
"""What the tab is called."""
ALLOWED = "MM_DEMO_ALLOW_DOWNLOADS"
WHY_NOT = (
    "Models can't be downloaded or deleted from this page, because a stranger could fill the disk. Whoever runs the "
    f"app gets them with “python -m mm_demo models get ID”, or starts it with {ALLOWED}=1."
)
_ID = re.compile(r"[A-Za-z0-9][\w.-]*(/[A-Za-z0-9][\w.-]*)?", re.ASCII)
_LONGEST = 300


def own_user(local: bool, request: gr.Request | None) -> bool:
    """Whether a request comes from the person whose machine this is.

    Args:
        local: whether the page is for this machine's own user.
        request: as Gradio gives it.
    """
    if not local or request is None:
        return False
    client = None if request.client is None else request.client.host
    return from_this_machine(client, dict(request.headers))


def may_change(local: bool, request: gr.Request | None) -> bool:
    """Whether models may be downloaded and deleted from where this request comes; `own_user` explains the arguments."""
    return os.environ.get(ALLOWED) == "1" or own_user(local, request)


def read_name(text: str | None, task: str, own: bool) -> str:
    """What somebody typed to name a model: a catalog's or hub's id, or, for the machine's own user, a folder's path.

    Raises:
        UserError: it is neither.
    """
    name = (text or "").strip()
    if not name:
        raise UserError("There is no name yet: type a model's id, such as " + cards_for(task)[-1].id + ".")
    if find_card(name) is not None:
        return name
    shown = name if len(name) <= 80 else name[:79] + "…"
    if own and is_folder(name):
        return str(Path(name).expanduser().resolve())
    if own and name.startswith(("/", "~", ".", "\\")):
        raise UserError(f"There is no folder “{shown}”: give the path of a checkpoint's folder, or a model's id.")
    # What is a folder would be opened as one, which only the machine's own user may.
    if is_folder(name) or len(name) > _LONGEST or not _ID.fullmatch(name):
        raise UserError(f"“{shown}” is no model's id: give one as the hub writes it, such as {cards_for(task)[-1].id}.")
    return name


def read_model(text: str | None, task: str) -> str | None:
    """The model that a program names; None where it names none.

    Raises:
        UserError: it is not on this machine.
    """
    if not (text or "").strip():
        return None
    name = read_name(text, task, own=False)
    if not is_here(name):
        raise UserError(f"The model “{name}” is not on this machine: ask who runs the app for it, or name no model.")
    return name


def is_here(model: str) -> bool:
    """Whether a model is whole on this machine; it may be a folder's path."""
    from mm_demo.models.hub.cache import local_folder

    card = find_card(model)
    if card is not None and card.tier == "embedded":
        return (WEIGHTS / card.id).is_dir()
    return is_folder(model) or local_folder(model) is not None


def is_folder(model: str) -> bool:
    """Whether what names a model is a folder's path."""
    try:
        return Path(model).expanduser().is_dir()
    except (OSError, ValueError, RuntimeError):
        return False
