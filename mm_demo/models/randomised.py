"""A model whose layers lose what they learnt, one group after the other (Adebayo et al. 2018, "Sanity Checks")."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from copy import deepcopy
from typing import TypeVar

import torch
from torch import nn

ModuleT = TypeVar("ModuleT", bound=nn.Module)


def independent(model: ModuleT) -> ModuleT:
    """A copy with parameters of its own, without the hooks that other threads may have on the original just now."""
    hooks: dict[int, object] = {id(module._forward_hooks): OrderedDict() for module in model.modules()}
    return deepcopy(model, hooks)


def randomise(modules: Iterable[nn.Module], generator: torch.Generator) -> None:
    """Draw every parameter anew from a normal distribution of its own mean and spread.

    So activations keep their scale whatever a checkpoint's configuration says about initial values, and what changes in
    a map is owed to what was learnt.

    Args:
        modules: of an `independent` copy.
        generator: on the CPU, so that every device gets the same numbers.
    """
    with torch.no_grad():
        for module in modules:
            for parameter in module.parameters():
                values = parameter.float()
                drawn = torch.randn(parameter.shape, generator=generator).to(parameter.device)
                parameter.copy_(values.mean() + values.std(correction=0) * drawn)
