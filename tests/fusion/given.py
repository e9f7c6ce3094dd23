"""Strategies with random parameters and batches to give them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import pytest
import torch
from torch import Tensor

from mm_demo.fusion import STRATEGIES, Fused, FusionStrategy, Modality, Shape

Kind = Literal["vectors", "sequences"]

BATCH, CLASSES, WIDTH = 5, 3, 8
SHAPES = {"text": Shape(6, 5), "audio": Shape(4, 3), "image": Shape(7, 2)}
"""Not in the order of their names."""

every = pytest.mark.parametrize("name", list(STRATEGIES))
every_kind = pytest.mark.parametrize("kind", ["vectors", "sequences"])
every_count = pytest.mark.parametrize("count", [2, 3])


def shapes_of(kind: Kind, count: int) -> dict[str, Shape]:
    """The first so many modalities; one that is a vector has states of the vector's dimension."""
    chosen = dict(list(SHAPES.items())[:count])
    return {name: Shape(s.vector, s.vector) for name, s in chosen.items()} if kind == "vectors" else chosen


def make(name: str, shapes: Mapping[str, Shape] = SHAPES, seed: int = 0, dropout: float = 0.1) -> FusionStrategy:
    """In evaluation mode; parameters that start as constants are drawn, because constants hide mistakes."""
    torch.manual_seed(seed)
    strategy = STRATEGIES[name](shapes, CLASSES, width=WIDTH, dropout=dropout).eval()
    for parameter in strategy.parameters():
        if parameter.numel() > 1 and (parameter == parameter.flatten()[0]).all():
            torch.nn.init.normal_(parameter, std=0.5)
    return strategy


def batch(
    shapes: Mapping[str, Shape] = SHAPES,
    kind: Kind = "sequences",
    rows: int = BATCH,
    dtype: torch.dtype = torch.float32,
    seed: int = 1,
) -> dict[str, Modality]:
    """Sequences of lengths 4, 5, …, of which the second row has two states only; or vectors."""
    generator = torch.Generator().manual_seed(seed)
    made = {}
    for i, (name, shape) in enumerate(sorted(shapes.items())):
        vector = torch.randn(rows, shape.vector, generator=generator, dtype=dtype)
        if kind == "vectors":
            made[name] = Modality.of_vector(vector)
            continue
        states = torch.randn(rows, 4 + i, shape.states, generator=generator, dtype=dtype)
        mask = torch.ones(rows, 4 + i, dtype=torch.bool)
        mask[1, 2:] = False
        made[name] = Modality(vector, states, mask)
    return made


def without(modality: Modality, rows: Sequence[int]) -> Modality:
    """The same, missing in these rows."""
    mask = modality.mask.clone()
    mask[list(rows)] = False
    return Modality(modality.vector, modality.states, mask)


def ragged(given: Mapping[str, Modality]) -> dict[str, Modality]:
    """Missing in some rows and there in others; the last row of five has nothing at all."""
    gone = {"audio": [0, 4], "image": [1, 2, 4], "text": [0, 1, 4]}
    return {name: without(modality, gone[name]) for name, modality in given.items()}


def same(a: Fused, b: Fused) -> None:
    """Asserts that two results are one."""
    torch.testing.assert_close(a.logits, b.logits)
    assert (a.weights is None) == (b.weights is None)
    if a.weights is not None:
        torch.testing.assert_close(a.weights, b.weights)


def loss_of(fused: Fused, labels: Tensor) -> Tensor:
    """What a trainer that knows no strategy by name minimises."""
    loss = torch.nn.functional.cross_entropy(fused.logits, labels)
    return loss if fused.auxiliary is None else loss + fused.auxiliary
