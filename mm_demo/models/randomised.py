"""A model whose layers lose what they learnt, one group after the other (Adebayo et al. 2018, "Sanity Checks")."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from copy import copy, deepcopy
from typing import TypeVar

import torch
from torch import nn

ModuleT = TypeVar("ModuleT", bound=nn.Module)
OwnerT = TypeVar("OwnerT")


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


def forgetting(
    owner: OwnerT, stages: Iterable[tuple[str, Iterable[nn.Module]]], adopt: Callable[[OwnerT], None]
) -> Iterator[tuple[str, OwnerT]]:
    """After each stage's modules have been randomised too, the stage's label and a copy of the owner.

    Args:
        owner: of the model; it stays as it is.
        stages: label and modules of an `independent` copy of the model, in the order in which they are randomised.
        adopt: gives a copy of the owner that model.
    """
    generator = torch.Generator().manual_seed(0)
    for label, modules in stages:
        randomise(modules, generator)
        twin = copy(owner)
        adopt(twin)
        yield label, twin
