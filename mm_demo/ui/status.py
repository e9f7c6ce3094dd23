"""The line that always says which model runs where: one entry per task, with its state."""

from __future__ import annotations

from html import escape

from mm_demo.ui.models import Models

TITLES = {"caption": "Caption", "vqa": "Questions", "sentiment": "Speech", "retrieval": "Search"}


def status_line(models: Models) -> str:
    """The line as HTML: task, state, and for a loaded model its title, tier, device, number format and size."""
    return '<div class="status" role="status">' + "".join(_entry(models, name) for name in models.names) + "</div>"


def settled(models: Models) -> bool:
    """Whether nothing is loading any more."""
    return all(models.state(name).name != "loading" for name in models.names)


def _entry(models: Models, name: str) -> str:
    state, task = models.state(name), models.ready(name)
    if task is not None:
        info = task.info
        parts = [info.id, info.tier, info.device, info.dtype, megabytes(info.size_bytes)]
        text = " · ".join(part for part in parts)
        kind = "ready"
    else:
        kind = state.name
        text = state.problem if kind == "failed" else "loading the model…"
    return f'<span class="{kind}"><b>{TITLES.get(name, name)}</b> <i>{kind}</i> {escape(text)}</span>'


def megabytes(size: int) -> str:
    """A size as people say it: "3 MB", "1.5 GB"."""
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{max(1, round(size / 1e6))} MB"
