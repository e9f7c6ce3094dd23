"""Muon for the matrices inside the network, AdamW for all the rest, as one optimizer."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor, nn

_MUON_RATIO = 10.0
"""Muon's rate as a multiple of AdamW's; its updates are normalised to a spectral norm of one."""

_CAREFUL = 0.25


class MuonWithAdamW(torch.optim.Optimizer):
    """`torch.optim.Muon` (Jordan et al., 2024) and AdamW side by side under one schedule.

    At the start of its training the vision tower needed under half the steps that AdamW took (`docs/results.md`).

    Args:
        model: every parameter that needs a gradient is optimised. Weights of `nn.Linear` go to Muon; embeddings,
            convolutions, norms, biases, and matrices that also serve as embeddings go to AdamW.
        rate: AdamW's learning rate.
        decay: weight decay of both.
        careful: parameters that already know much and move at a quarter of the rate. Muon's steps don't shrink with
            the gradient, so a trained tower would be shaken by it.
    """

    def __init__(self, model: nn.Module, rate: float, decay: float, careful: Iterable[nn.Parameter] = ()) -> None:
        shared = {id(m.weight) for m in model.modules() if isinstance(m, nn.Embedding)}
        inner = {
            id(m.weight)
            for name, m in model.named_modules()
            if isinstance(m, nn.Linear) and id(m.weight) not in shared and min(m.weight.shape) >= 64
        }
        gentle = {id(p) for p in careful}
        every = [p for p in model.parameters() if p.requires_grad]
        matrices = [p for p in every if id(p) in inner]
        others = [p for p in every if id(p) not in inner]
        self._parts = (
            torch.optim.Muon(
                _groups(matrices, gentle, rate * _MUON_RATIO), weight_decay=decay / _MUON_RATIO, momentum=0.95
            ),
            torch.optim.AdamW(_groups(others, gentle, rate), weight_decay=decay, betas=(0.9, 0.98)),
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


def _groups(parameters: list[nn.Parameter], gentle: set[int], rate: float) -> list[dict[str, Any]]:
    halves = [p for p in parameters if id(p) not in gentle], [p for p in parameters if id(p) in gentle]
    return [{"params": half, "lr": r} for half, r in zip(halves, (rate, rate * _CAREFUL), strict=True) if half]
