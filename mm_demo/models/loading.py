"""Opens a model for a task, once for everybody who asks for it."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, cast

import torch
from transformers.utils import logging as transformers_logging

from mm_demo.errors import UserError
from mm_demo.models.architecture import KNOWN, Architecture, find_architecture
from mm_demo.models.catalog import Tier, find_card
from mm_demo.models.checkpoint import read_architecture, weight_files
from mm_demo.models.device import Device, choose_device
from mm_demo.models.familiarity import Familiarity
from mm_demo.models.family import Answerer, Captioner, Matcher, ModelInfo
from mm_demo.models.finding import find_checkpoint
from mm_demo.models.hub.default import default_model
from mm_demo.models.ladder import Ladder, open_ladder
from mm_demo.models.once import Once
from mm_demo.models.pool import Opened
from mm_demo.models.resident import Resident
from mm_demo.models.speech.family import SentimentModel
from mm_demo.models.transcription.family import Transcriber

Family = Captioner | Answerer | SentimentModel | Matcher | Transcriber

_DOES = {
    "caption": "writes captions",
    "vqa": "answers questions about pictures",
    "sentiment": "judges the sentiment of speech",
    "retrieval": "searches pictures",
    "transcription": "writes speech down",
}
_ladders: Once[tuple[Path, Device], Ladder] = Once()
_families: Once[tuple[str, Path, Device], Family] = Once()


def open_model(task: str, model: str | None = None, device: str | None = None) -> Family:
    """The model for a task, shared by everybody who asks for the same one.

    Tasks that one checkpoint can do share its weights.

    Args:
        task: "caption", "vqa", "sentiment", "retrieval" or "transcription".
        model: an id of the catalog, a hub id that is in the cache, or a local folder; None for the one that
            `default_model` names.
        device: as in `choose_device`.

    Raises:
        UserError: the model is missing, foreign, damaged, stored as a pickle, or made for another task.
    """
    where = choose_device(device)
    name = model or default_model(task)
    folder, tier = find_checkpoint(name, task)
    return _families((task, folder, where), lambda: _open(task, name, folder, tier, where))


def forget_deleted() -> None:
    """Let go of the models whose files were deleted: their memory is free once nobody uses them any more."""
    for key in _families.known():
        if not key[1].exists():
            _families.forget(key)
    for at in _ladders.known():
        if not at[0].exists():
            _ladders.forget(at)


def _open(task: str, name: str, folder: Path, tier: Tier, where: Device) -> Family:
    found = read_architecture(folder)
    architecture = find_architecture(found)
    if architecture is None:
        raise UserError(
            f"The model in '{name}' is a {found}, which this app does not know; it knows {', '.join(KNOWN)}."
        )
    if task not in architecture.wraps:
        does = " and ".join(_DOES[other] for other in architecture.wraps)
        raise UserError(f"The model '{name}' {does}; choose one that {_DOES[task]}.")
    size = sum(file.stat().st_size for file in weight_files(folder))
    ladder = _ladders((folder, where), lambda: open_ladder(partial(_read, architecture, name, folder), where))

    def wrap(opened: Opened) -> Any:
        info = _describe(name, folder, tier, size, opened)
        return architecture.wraps[task](opened.model, opened.processor, info, opened.familiarity)

    try:
        # On the CPU nothing moves, and there is nowhere else to go: the family's own object will do.
        on_cpu = where.device.type == "cpu"
        return cast(Family, wrap(ladder.weights.opened) if on_cpu else Resident(ladder, wrap))
    except UserError as error:
        _ladders.forget((folder, where))  # the next who asks finds it mended
        raise UserError(f"The model '{name}' can't be used: {error}") from error


def _describe(name: str, folder: Path, tier: Tier, size: int, opened: Opened) -> ModelInfo:
    card, stack = find_card(name), getattr(opened.model.config, "text_config", opened.model.config)
    return ModelInfo(
        id=name,
        title=card.title if card is not None else folder.name,
        tier=tier,
        device=str(opened.where.device),
        dtype=opened.where.dtype_name,
        size_bytes=size,
        parameters=sum(p.numel() for p in opened.model.parameters()),
        layers=getattr(stack, "num_hidden_layers", 1),
        heads=getattr(stack, "num_attention_heads", 1),
        memory_bytes=opened.size,
    )


def _read(architecture: Architecture, name: str, folder: Path, where: Device) -> Opened:
    damaged = f"The model '{name}' is damaged or incomplete; get it again"
    try:
        with _quiet():
            model, report = architecture.model.from_pretrained(
                folder,
                local_files_only=True,
                use_safetensors=True,
                dtype=where.dtype,
                output_loading_info=True,
            )
            processor = architecture.processor(folder)
            familiarity = Familiarity.open(folder)
    except UserError:
        raise
    except Exception as error:  # whatever a foreign file makes the libraries raise, the person can only replace it
        raise UserError(f"{damaged} ({_first_line(error)}).") from error
    if report["missing_keys"]:
        raise UserError(f"{damaged} ({len(report['missing_keys'])} of its weights are missing).")
    if not all(bool(torch.isfinite(p).all()) for p in model.parameters()):
        raise UserError(f"{damaged} (some of its weights are not numbers).")
    return Opened(model.eval().requires_grad_(False), processor, familiarity, where)


def _first_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0][:160].rstrip(". ") if lines else type(error).__name__


@contextmanager
def _quiet() -> Iterator[None]:
    """Loading reports and progress bars off: what goes wrong is said in one sentence."""
    level = transformers_logging.get_verbosity()
    bars = transformers_logging.is_progress_bar_enabled()
    transformers_logging.set_verbosity(logging.CRITICAL)
    transformers_logging.disable_progress_bar()
    try:
        yield
    finally:
        transformers_logging.set_verbosity(level)
        if bars:
            transformers_logging.enable_progress_bar()
