"""Records what attention layers do while a model runs: one recorder, two ways in.

Families that compute attention eagerly (BLIP, ViLT) hand their weights out of the module, where a forward hook reads
them. Families that go through the transformers attention registry (CLIP, BERT, Whisper) are loaded with
`attn_implementation=mm_demo.attention.registry.NAME` and report to the same recorder from there.

A module is shared by everybody who uses the model, so a recording is bound to its own call by a context variable: a
forward of another thread, or of the same thread outside `active()`, is never recorded.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

from mm_demo.attention.trace import Record

REGISTRY_NAME = "mm_demo_recorded"
"""The `attn_implementation` of a model whose attention reports through the registry."""

_active: ContextVar[Recorder | None] = ContextVar("mm_demo_active_recorder", default=None)


@dataclass(frozen=True)
class Site:
    """One attention module and what its weights mean.

    Attributes:
        module: the module that computes attention; its output's second element is the weights (batch, heads, queries,
            keys), or it calls the attention registry.
        layer: index within its stack, 0 first.
        kind: "self" or "cross".
        query: name of the segment whose elements ask.
        key: name of the segment whose elements are looked at.
    """

    module: nn.Module
    layer: int
    kind: Literal["self", "cross"]
    query: str
    key: str


class Recorder:
    """Collects the attention weights of `sites`, in the order in which they run.

    Through the registry an example's recording takes layers × heads × rows × keys × 4 bytes (2 in half precision), and
    nothing for the rows that are not asked for. Differentiable, the graph holds as much again where there is a mask
    (and the keys and values, which the kernel keeps there in copies of its own), and gradients as much once more.

    Args:
        sites: the modules to read.
        differentiable: keep the weights in the autograd graph, so that `records` can differentiate a score by them.
            The forward must then run with gradients enabled.

    Attributes:
        queries: positions of the rows to take, (rows,) int64, all different, negative ones counted from the end, where
            a forward has more than one; None for all. It may be set anew before each forward. Weights are then
            (batch, heads, rows, keys), and no others are computed.
            Only sites that go through the registry can be differentiated by some rows; others then give all.
    """

    def __init__(self, sites: Sequence[Site], *, differentiable: bool = False) -> None:
        self.differentiable = differentiable
        self.queries: Tensor | None = None
        self._sites = {id(site.module): site for site in sites}
        self._taken: list[tuple[Site, Tensor]] = []

    @contextmanager
    def hooked(self) -> Iterator[Recorder]:
        """Keep hooks on the eager modules while inside, and take them off on every way out."""
        with ExitStack() as handles:
            for site in self._sites.values():
                if not _uses_registry(site.module):
                    handles.callback(site.module.register_forward_hook(self._hook).remove)
            yield self

    @contextmanager
    def active(self) -> Iterator[Recorder]:
        """Record what this thread's forwards do while inside. Never hold it open across a `yield` to a caller."""
        token = _active.set(self)
        try:
            yield self
        finally:
            _active.reset(token)

    def wants(self, module: nn.Module) -> bool:
        """True where the module is one of this recorder's sites."""
        return id(module) in self._sites

    def rows_of(self, count: int, device: torch.device) -> Tensor | None:
        """Which rows to take of a forward with `count` queries, each at least 0; None for all."""
        if self.queries is None or count == 1:
            return None
        rows = self.queries.to(device)
        return torch.where(rows < 0, rows + count, rows)

    def add(self, module: nn.Module, weights: Tensor) -> None:
        """Take the weights (batch, heads, queries, keys) that one of the sites has just computed."""
        self._taken.append((self._sites[id(module)], weights if self.differentiable else weights.detach()))

    def take(self) -> list[tuple[Site, Tensor]]:
        """What was recorded since the last call, in running order: (site, weights (batch, heads, queries, keys))."""
        taken, self._taken = self._taken, []
        return taken

    def _hook(self, module: nn.Module, _inputs: object, output: object) -> None:
        if _active.get() is not self:
            return
        weights = output[1] if isinstance(output, tuple) and len(output) > 1 else None
        if not isinstance(weights, Tensor):
            raise RuntimeError(
                f"{type(module).__name__} returned no attention weights: "
                f"load its model with attn_implementation='eager' or '{REGISTRY_NAME}'"
            )
        rows = None if self.differentiable else self.rows_of(weights.shape[2], weights.device)
        self.add(module, weights if rows is None else weights[:, :, rows])


def active_recorder() -> Recorder | None:
    """The recorder that listens to the calling thread's forwards, if any."""
    return _active.get()


def to_records(taken: Sequence[tuple[Site, Tensor]], score: Tensor | None = None, example: int = 0) -> list[Record]:
    """Turn what a recorder took into records of one example of the batch.

    Args:
        taken: what `Recorder.take` returned.
        score: a scalar made from the same forward; each record then carries d(score)/d(weights). The graph is kept,
            so that several scores of one forward can be explained one after the other.
        example: index within the batch.
    """
    gradients: Sequence[Tensor | None] = [None] * len(taken)
    if score is not None:
        with torch.inference_mode(False):
            gradients = torch.autograd.grad(score, [w for _, w in taken], retain_graph=True, materialize_grads=True)
    return [
        Record(
            layer=site.layer,
            kind=site.kind,
            query=site.query,
            key=site.key,
            weights=weights[example].detach().float(),
            gradient=None if gradient is None else gradient[example].float(),
        )
        for (site, weights), gradient in zip(taken, gradients, strict=True)
    ]


def _uses_registry(module: nn.Module) -> bool:
    config = getattr(module, "config", None)
    return getattr(config, "_attn_implementation", None) == REGISTRY_NAME
