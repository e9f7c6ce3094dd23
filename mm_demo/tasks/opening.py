"""From a task's name to the task."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mm_demo.errors import UserError
from mm_demo.models.loading import open_model
from mm_demo.tasks.caption import CaptionTask
from mm_demo.tasks.retrieval import RetrievalTask
from mm_demo.tasks.sentiment import SentimentTask
from mm_demo.tasks.vqa import VqaTask

Task = CaptionTask | VqaTask | SentimentTask | RetrievalTask

_TASKS: dict[str, Callable[[Any], Task]] = {
    "caption": CaptionTask,
    "vqa": VqaTask,
    "sentiment": SentimentTask,
    "retrieval": RetrievalTask,
}


def open_task(task: str, model: str | None, device: str | None) -> Task:
    """As `mm_demo.load`."""
    if task not in _TASKS:
        raise UserError(f"There is no task '{task}'; choose one of: {', '.join(_TASKS)}.")
    return _TASKS[task](open_model(task, model, device))
