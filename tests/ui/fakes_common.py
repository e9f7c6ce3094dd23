"""What all stand-in tasks share: their info, their methods, and maps with one bright cell."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import gradio as gr
import numpy as np

ROWS, COLS = 8, 8


@dataclass(frozen=True)
class Info:
    id: str = "fake-model"
    title: str = "Fake model"
    tier: str = "embedded"
    device: str = "cpu"
    dtype: str = "float32"
    size_bytes: int = 3_000_000
    parameters: int = 1_500_000
    layers: int = 3
    heads: int = 4
    memory_bytes: int = 0
    note: str = ""


@dataclass(frozen=True)
class Method:
    name: str
    label: str
    help: str
    controls: tuple[str, ...]


METHODS = (
    Method("raw", "Raw attention", "The weights of the layers as they are.", ("layer", "head")),
    Method("gradient", "Gradient relevance", "Attention weighed by what it changes.", ()),
)


def spot(index: int, method: str = "default", layer: int | None = None) -> np.ndarray:
    """A map with one bright cell, elsewhere for every word, method and layer."""
    values = np.full((ROWS, COLS), 0.002)
    shift = {"default": 0, "gradient": 0, "raw": 3}[method] + (layer or 0)
    values[(2 * index + shift) % ROWS, (3 * index + 1) % COLS] = 1
    return values / values.sum()


def silent(updates: Iterable[Any]) -> bool:
    """Whether a handler changes nothing any more; that must be said once, or Gradio repeats what it said last."""
    (last,) = updates
    changes = last.values() if isinstance(last, dict) else last
    return last == gr.skip() or all(change == gr.skip() for change in changes)
