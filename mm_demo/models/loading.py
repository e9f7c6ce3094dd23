"""Opens a model for a task, once for everybody who asks for it."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Any

import torch
from transformers import PreTrainedModel
from transformers.utils import logging as transformers_logging

from mm_demo.errors import UserError
from mm_demo.models.architecture import KNOWN, Architecture, find_architecture
from mm_demo.models.catalog import Tier, cards_for, find_card
from mm_demo.models.checkpoint import read_architecture, weight_files
from mm_demo.models.device import Device, choose_device
from mm_demo.models.familiarity import Familiarity
from mm_demo.models.family import Answerer, Captioner, Matcher, ModelInfo
from mm_demo.models.finding import find_checkpoint
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
_opened: dict[tuple[str, Path, Device], Family] = {}
_lock = Lock()


def open_model(task: str, model: str | None = None, device: str | None = None) -> Family:
    """The model for a task, shared by everybody who asks for the same one.

    Args:
        task: "caption", "vqa", "sentiment", "retrieval" or "transcription".
        model: an id of the catalog, a hub id that is in the cache, or a local folder; None for the embedded one.
        device: as in `choose_device`.

    Raises:
        UserError: the model is missing, foreign, damaged, stored as a pickle, or made for another task.
    """
    where = choose_device(device)
    name = model or cards_for(task, "embedded")[0].id
    folder, tier = find_checkpoint(name, task)
    key = (task, folder, where)
    # One at a time: two people who ask for the same model at once must not load it twice.
    with _lock:
        if key not in _opened:
            _opened[key] = _open(task, name, folder, tier, where)
        return _opened[key]


def _open(task: str, name: str, folder: Path, tier: Tier, where: Device) -> Family:
    card = find_card(name)
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
    model, processor, familiarity = _read(architecture, name, folder, where)
    stack = getattr(model.config, "text_config", model.config)
    info = ModelInfo(
        id=name,
        title=card.title if card is not None else folder.name,
        tier=tier,
        device=str(where.device),
        dtype=where.dtype_name,
        size_bytes=size,
        parameters=sum(p.numel() for p in model.parameters()),
        layers=getattr(stack, "num_hidden_layers", 1),
        heads=getattr(stack, "num_attention_heads", 1),
    )
    try:
        opened: Family = architecture.wraps[task](model, processor, info, familiarity)
    except UserError as error:
        raise UserError(f"The model '{name}' can't be used: {error}") from error
    return opened


def _read(
    architecture: Architecture, name: str, folder: Path, where: Device
) -> tuple[PreTrainedModel, Any, Familiarity | None]:
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
    return model.to(where.device).eval().requires_grad_(False), processor, familiarity


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
