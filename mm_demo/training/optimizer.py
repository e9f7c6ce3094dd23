"""Muon for the matrices inside the network, AdamW for all the rest, as one optimizer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

_MUON_RATIO = 10.0
"""Muon's rate as a multiple of AdamW's; its updates are normalised to a spectral norm of one."""


class MuonWithAdamW(torch.optim.Optimizer):
    """`torch.optim.Muon` (Jordan et al., 2024) and AdamW side by side under one schedule.

    On this world a vision tower needed about half the steps that AdamW alone took (`docs/results.md`).

    Args:
        model: every parameter that needs a gradient is optimised. Weights of `nn.Linear` go to Muon; embeddings,
            convolutions, norms, biases, and matrices that also serve as embeddings go to AdamW.
        rate: AdamW's learning rate.
        decay: weight decay of both.
    """

    def __init__(self, model: nn.Module, rate: float, decay: float) -> None:
        shared = {id(m.weight) for m in model.modules() if isinstance(m, nn.Embedding)}
        inner = {
            id(m.weight)
            for name, m in model.named_modules()
            if isinstance(m, nn.Linear) and id(m.weight) not in shared and min(m.weight.shape) >= 64
        }
        every = [p for p in model.parameters() if p.requires_grad]
        matrices = [p for p in every if id(p) in inner]
        others = [p for p in every if id(p) not in inner]
        self._parts = (
            torch.optim.Muon(matrices, lr=rate * _MUON_RATIO, weight_decay=decay / _MUON_RATIO, momentum=0.95),
            torch.optim.AdamW(others, lr=rate, weight_decay=decay, betas=(0.9, 0.98)),
        )
        super().__init__(every, {"lr": rate})
        self.param_groups = [group for part in self._parts for group in part.param_groups]

    @torch.no_grad()
    def step(self, closure: Callable[[], Tensor] | None = None) -> None:  # type: ignore[override]
        """Both optimizers' steps. No closure is called."""
        for part in self._parts:
            part.step()

    def state_dict(self) -> dict[str, Any]:
        """Both optimizers' states."""
        return {"parts": [part.state_dict() for part in self._parts]}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Restore what `state_dict` gave."""
        for part, state in zip(self._parts, state_dict["parts"], strict=True):
            part.load_state_dict(state)
        self.param_groups = [group for part in self._parts for group in part.param_groups]
