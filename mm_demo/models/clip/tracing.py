"""One differentiable pass through a tower: where gradients enter it, and what is kept of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from torch import Tensor, nn

from mm_demo.attention.recorder import Site
from mm_demo.attention.trace import Segment
from mm_demo.models.gradients import differentiable

_entering: ContextVar[bool] = ContextVar("mm_demo_entering", default=False)


@dataclass(frozen=True)
class Traced:
    """A picture or a text that went through its tower.

    Attributes:
        vector: (dimensions,), of length 1, in the graph of `taken`.
        taken: what the recorder took.
        segments: what the sites name.
        element: (segment, index) of the element that stands for the whole.
    """

    vector: Tensor
    taken: list[tuple[Site, Tensor]]
    segments: dict[str, Segment]
    element: tuple[str, int]


def enter_at(embeddings: nn.Module) -> None:
    """Let `entered` forwards start their graph at this module's output.

    The parameters are frozen: with a plain forward, no attention weight would be part of a graph.
    """
    embeddings.register_forward_hook(_enter)


@contextmanager
def entered() -> Iterator[None]:
    """Gradients on, for this thread's forwards through towers that have an entry."""
    with differentiable():
        token = _entering.set(True)
        try:
            yield
        finally:
            _entering.reset(token)


def _enter(_module: nn.Module, _inputs: tuple[Tensor, ...], output: Tensor) -> Tensor | None:
    return output.detach().requires_grad_() if _entering.get() else None
