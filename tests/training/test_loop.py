"""A killed training run goes on as if nothing had happened; the optimizer splits the parameters as it says."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from mm_demo.training.loop import Batch, Schedule, fit
from mm_demo.training.optimizer import MuonWithAdamW

SCHEDULE = Schedule(steps=8, batch=4, rate=1e-2, seed=3)


class Doubling(nn.Module):
    """Learns to double a vector that is drawn from the batch's seeds."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.inner = nn.Linear(64, 64)
        self.shared = self.inner  # as the two checkpoints share their tower
        self.outer = nn.Linear(64, 8)

    def forward(self, x: Tensor, y: Tensor) -> dict[str, Tensor]:
        loss = functional.mse_loss(self.outer(self.inner(x)).float(), y)
        return {"loss": loss, "error": loss.detach().sqrt()}


def collate(items: list[tuple[int, int]]) -> Batch:
    x = torch.stack([torch.randn(64, generator=torch.Generator().manual_seed(draw)) for _, draw in items])
    return {"x": x, "y": 2 * x[:, :8]}


def test_resumed_equals_uninterrupted(tmp_path: Path) -> None:
    whole = Doubling()
    fit(whole, collate, 16, SCHEDULE, tmp_path / "whole", "cpu")

    calls = 0

    def failing(items: list[tuple[int, int]]) -> Batch:
        nonlocal calls
        calls += 1
        if calls > 6:
            raise KeyboardInterrupt
        return collate(items)

    with pytest.raises(KeyboardInterrupt):
        fit(Doubling(), failing, 16, SCHEDULE, tmp_path / "broken", "cpu")
    resumed = Doubling()
    fit(resumed, collate, 16, SCHEDULE, tmp_path / "broken", "cpu")
    for name, value in whole.state_dict().items():
        torch.testing.assert_close(resumed.state_dict()[name], value, msg=name)
    assert not torch.equal(whole.inner.weight, Doubling().inner.weight)


def test_muon_takes_inner_matrices_and_adamw_the_rest() -> None:
    embedding, tied, inner, small = nn.Embedding(80, 64), nn.Linear(64, 80), nn.Linear(64, 64), nn.Linear(64, 8)
    tied.weight = embedding.weight
    optimizer = MuonWithAdamW(nn.ModuleList([embedding, tied, inner, small]), rate=1e-3, decay=0.1)
    muon, adam = ({id(p) for p in part.param_groups[0]["params"]} for part in optimizer._parts)
    assert muon == {id(inner.weight)}
    assert adam == {id(p) for p in (embedding.weight, tied.bias, inner.bias, small.weight, small.bias)}
