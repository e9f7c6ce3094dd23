"""Multimodal models, explained: `mm_demo.load(task)` gives a callable whose answers carry their evidence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, overload

if TYPE_CHECKING:
    from mm_demo.tasks.caption import CaptionTask
    from mm_demo.tasks.retrieval import RetrievalTask
    from mm_demo.tasks.sentiment import SentimentTask
    from mm_demo.tasks.vqa import VqaTask

    Task = CaptionTask | VqaTask | SentimentTask | RetrievalTask


@overload
def load(task: Literal["caption"], model: str | None = None, device: str | None = None) -> CaptionTask: ...


@overload
def load(task: Literal["vqa"], model: str | None = None, device: str | None = None) -> VqaTask: ...


@overload
def load(task: Literal["sentiment"], model: str | None = None, device: str | None = None) -> SentimentTask: ...


@overload
def load(task: Literal["retrieval"], model: str | None = None, device: str | None = None) -> RetrievalTask: ...


@overload
def load(task: str, model: str | None = None, device: str | None = None) -> Task: ...


def load(task: str, model: str | None = None, device: str | None = None) -> Task:
    """The task of that name, with its model opened. torch and transformers are imported here, not before.

    Args:
        task: "caption", "vqa", "sentiment" or "retrieval".
        model: a catalog id, a downloaded hub id, or a checkpoint folder; None for the embedded one.
        device: "cpu", "cuda", "mps" or "cuda,float32"; None for the best that is there.

    Raises:
        mm_demo.errors.UserError: no such task, model or device, or the checkpoint can't be used.
    """
    from mm_demo.tasks.opening import open_task

    return open_task(task, model, device)
