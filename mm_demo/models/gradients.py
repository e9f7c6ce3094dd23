"""What is differentiated to explain an answer, and in which mode."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor


def log_odds(logits: Tensor, index: int) -> Tensor:
    """log p/(1 − p) of one choice, from logits (choices,).

    Unlike the logit it compares with the other choices, and unlike log p its gradient does not vanish as p nears 1.
    """
    logits = logits.float()
    others = torch.cat([logits[:index], logits[index + 1 :]])
    return logits[index] - others.logsumexp(0)


@contextmanager
def differentiable() -> Iterator[None]:
    """Gradients on, whatever mode the caller is in."""
    with torch.inference_mode(False), torch.enable_grad():
        yield
