"""From a task's name to the task."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from mm_demo.errors import UserError
from mm_demo.models.loading import open_model

if TYPE_CHECKING:
    from mm_demo.tasks.caption import CaptionTask
    from mm_demo.tasks.retrieval import RetrievalTask
    from mm_demo.tasks.sentiment import SentimentTask
    from mm_demo.tasks.vqa import VqaTask

    Task = CaptionTask | VqaTask | SentimentTask | RetrievalTask

_CLASSES = {
    "caption": "CaptionTask",
    "vqa": "VqaTask",
    "sentiment": "SentimentTask",
    "retrieval": "RetrievalTask",
}
"""Task → its class in the module of `mm_demo.tasks` of that name, imported only when it is opened."""


def open_task(task: str, model: str | None, device: str | None) -> Task:
    """As `mm_demo.load`."""
    if task not in _CLASSES:
        raise UserError(f"There is no task '{task}'; choose one of: {', '.join(_CLASSES)}.")
    made = getattr(import_module(f"mm_demo.tasks.{task}"), _CLASSES[task])
    opened: Task = made(open_model(task, model, device))
    return opened
