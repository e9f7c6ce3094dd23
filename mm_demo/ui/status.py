"""The line that always says which model runs where: one entry per task, with its state."""

from __future__ import annotations

from html import escape

from mm_demo.models.hub.sizes import megabytes
from mm_demo.ui.models import Models

TITLES = {"caption": "Caption", "vqa": "Questions", "sentiment": "Speech", "retrieval": "Search"}


def status_line(models: Models) -> str:
    """The line as HTML, for the calling session.

    For each task its state, and for a loaded model its id, tier, device, number format, and the memory that it takes
    now (the size of its weights where that is not known); then what there is to say of how it runs.
    """
    return '<div class="status" role="status">' + "".join(_entry(models, name) for name in models.names) + "</div>"


def settled(models: Models) -> bool:
    """Whether none of the default models is loading any more."""
    return all(models.state(name).name != "loading" for name in models.names)


def _entry(models: Models, name: str) -> str:
    state, task, loading = models.state(name), models.ready(name), models.loading(name)
    if loading is not None:
        kind, text = "loading", f"{loading}…"
    elif task is not None:
        info = task.info
        parts = [info.id, info.tier, info.device, info.dtype, megabytes(info.memory_bytes or info.size_bytes)]
        kind, text = "ready", " · ".join([*parts, info.note] if info.note else parts)
    else:
        kind = state.name
        text = state.problem if kind == "failed" else "loading the model…"
    return f'<span class="{kind}"><b>{TITLES.get(name, name)}</b> <i>{kind}</i> {escape(text)}</span>'
