"""Message passing: all states are nodes of one graph and tell each other what they hold."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from mm_demo.fusion.base import Fused, Modality, Shape
from mm_demo.fusion.sequences import SequenceFusion, masked_mean

_ROUNDS = 2


class MessagePassingFusion(SequenceFusion):
    """Nodes v are the states of all modalities; in each of two rounds
    m_v = Σ_e mean_{u ∈ N_e(v)} ReLU(P_e h_v + Q_e h_u + b_e);  z = σ(V [h_v; m_v]);
    h_v ← (1 − z) ⊙ h_v + z ⊙ tanh(U [h_v; m_v]);  then logits = C mean_v h_v + c.

    A message-passing network (Gilmer et al. 2017) with a gated update (Li et al. 2016) and two kinds e of edges: to
    the states of the same modality and to those of all others. h_v starts as the projected state with its position. A
    missing modality is a single learned node.
    """

    name = "message_passing"
    label = "Message passing"
    help = "Every moment of every modality tells all others what it holds, twice."
    family = "graph"
    rank = 71

    def __init__(self, shapes: Mapping[str, Shape], classes: int, width: int = 64, dropout: float = 0.1) -> None:
        super().__init__(shapes, classes, width, dropout)
        self.rounds = nn.ModuleList([_Round(width) for _ in range(_ROUNDS)])
        self.classifier = nn.Linear(width, classes)

    def fuse(self, modalities: Mapping[str, Modality]) -> Fused:
        states, masks = self.low_level(modalities)
        nodes, real = torch.cat(list(states.values()), dim=1), torch.cat(list(masks.values()), dim=1)
        belongs = torch.cat(
            [torch.full(mask.shape[1:], i, device=mask.device) for i, mask in enumerate(masks.values())]
        )
        same = belongs[:, None] == belongs[None]
        edges = torch.stack([same, ~same])[None] & real[:, None, None]
        for one in self.rounds:
            nodes = one(nodes, edges)
        return Fused(self.classifier(self.dropout(masked_mean(nodes, real))), None)


class _Round(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.receive = nn.ModuleList([nn.Linear(width, width) for _ in range(2)])
        self.send = nn.ModuleList([nn.Linear(width, width, bias=False) for _ in range(2)])
        self.gate = nn.Linear(2 * width, width)
        self.update = nn.Linear(2 * width, width)

    def forward(self, nodes: Tensor, edges: Tensor) -> Tensor:
        """The next (batch, nodes, width).

        Args:
            nodes: (batch, nodes, width).
            edges: (batch, kinds, nodes, nodes) bool, True where the node of the row hears that of the column.
        """
        heard = torch.zeros_like(nodes)
        for kind, (receive, send) in enumerate(zip(self.receive, self.send, strict=True)):
            shares = edges[:, kind].to(nodes)
            shares = shares / shares.sum(2, keepdim=True).clamp(min=1)
            messages = (receive(nodes)[:, :, None] + send(nodes)[:, None]).relu()
            heard = heard + torch.einsum("bvu,bvuw->bvw", shares, messages)
        known = torch.cat([nodes, heard], dim=2)
        gate = self.gate(known).sigmoid()
        return (1 - gate) * nodes + gate * self.update(known).tanh()
