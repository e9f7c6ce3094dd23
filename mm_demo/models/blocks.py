"""A network as the blocks that it is made of, whatever its family."""

from __future__ import annotations

from collections.abc import Iterable

from torch import nn


def blocks_of(children: Iterable[tuple[str, nn.Module]]) -> list[tuple[str, nn.Module]]:
    """The blocks with parameters, the first to run first, each with a name for people.

    A list of layers, however deep inside a module, is one block a layer ("layer 1", …); any other module is one.

    Args:
        children: named modules in the order in which they run.
    """
    found = []
    for name, module in children:
        if next(module.parameters(), None) is None:
            continue
        plain = name.replace("_", " ")
        if isinstance(module, nn.ModuleList):
            for at, layer in enumerate(module, 1):
                found.append((f"{plain.removesuffix('s')} {at}", layer))
        elif any(isinstance(part, nn.ModuleList) for part in module.modules()):
            found += blocks_of(module.named_children())
        else:
            found.append((plain, module))
    return found
