"""Memory fusion (MFN): what changes across the modalities from one moment to the next is written to a memory."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from mm_demo.fusion.base import Fused, Modality, Shape
from mm_demo.fusion.sequences import SequenceFusion


class MemoryFusion(SequenceFusion):
    """One LSTM a modality, and a memory u that attends to the cells c of all of them before and after each step:

    a = softmax(D_a([c_{t−1}; c_t]));  ĉ = a ⊙ [c_{t−1}; c_t];  û = tanh(D_u(ĉ));
    u_t = σ(D_γ₁(ĉ)) ⊙ u_{t−1} + σ(D_γ₂(ĉ)) ⊙ û;  logits = MLP([h₁; …; h_M; u]) after the last step.

    The memory fusion network (Zadeh et al. 2018), for any number of modalities; D_a, D_u and D_γ have one hidden layer.
    Step t of one modality goes with step t of the others; one that has ended, or is masked in a step, stays as it was,
    and the memory with it once all have. A missing modality is a single learned state.
    """

    name = "memory"
    label = "Memory fusion (MFN)"
    help = "Goes through all modalities step by step and keeps in a memory what they say together."
    family = "memory"
    rank = 60

    def __init__(self, shapes: Mapping[str, Shape], classes: int, width: int = 64, dropout: float = 0.1) -> None:
        super().__init__(shapes, classes, width, dropout)
        window = 2 * width * len(self.names)
        self.inward = nn.ModuleDict({name: nn.Linear(width, 4 * width) for name in self.names})
        self.recurrent = nn.ModuleDict({name: nn.Linear(width, 4 * width, bias=False) for name in self.names})
        self.attention = _two_layers(window, width, window)
        self.update = _two_layers(window, width, width)
        self.retain, self.write = _two_layers(window, width, width), _two_layers(window, width, width)
        self.network = _two_layers((len(self.names) + 1) * width, width, classes)

    def fuse(self, modalities: Mapping[str, Modality]) -> Fused:
        states, masks = self.low_level(modalities)
        inputs = {name: self.inward[name](states[name]) for name in self.names}
        start = states[self.names[0]].new_zeros(len(states[self.names[0]]), self.width)
        hidden, cells = dict.fromkeys(self.names, start), dict.fromkeys(self.names, start)
        memory = start
        for step in range(max(mask.shape[1] for mask in masks.values())):
            before = torch.cat(list(cells.values()), dim=1)
            moved: list[Tensor] = []
            for name in self.names:
                if step < masks[name].shape[1]:
                    real = masks[name][:, step, None]
                    h, c = _lstm(inputs[name][:, step] + self.recurrent[name](hidden[name]), cells[name])
                    hidden[name] = torch.where(real, h, hidden[name])
                    cells[name] = torch.where(real, c, cells[name])
                    moved.append(real)
            after = torch.cat(list(cells.values()), dim=1)
            written = self._written(torch.cat([before, after], dim=1), memory)
            memory = torch.where(torch.cat(moved, dim=1).any(1, keepdim=True), written, memory)
        return Fused(self.network(self.dropout(torch.cat([*hidden.values(), memory], dim=1))), None)

    def _written(self, window: Tensor, memory: Tensor) -> Tensor:
        """(batch, width): the memory after a step, from the cells around it, (batch, 2 × modalities × width)."""
        attended = self.attention(window).softmax(1) * window
        proposed = torch.tanh(self.update(attended))
        return self.retain(attended).sigmoid() * memory + self.write(attended).sigmoid() * proposed


def _lstm(gates: Tensor, cell: Tensor) -> tuple[Tensor, Tensor]:
    """The next (hidden, cell) of an LSTM, (batch, width) each, from its gates before their activation.

    (batch, 4 × width): input, forget, candidate, output, as torch has them, whose own cell has no rule for `vmap`.
    """
    enter, forget, candidate, leave = gates.chunk(4, dim=1)
    cell = forget.sigmoid() * cell + enter.sigmoid() * candidate.tanh()
    return leave.sigmoid() * cell.tanh(), cell


def _two_layers(entering: int, width: int, leaving: int) -> nn.Sequential:
    return nn.Sequential(nn.Linear(entering, width), nn.ReLU(), nn.Linear(width, leaving))
