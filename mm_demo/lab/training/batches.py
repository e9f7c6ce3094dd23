"""Every member's own order of the training examples, and which of their modalities are lost."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from mm_demo.lab.data.dataset import Modalities

Batch = tuple[dict[str, Tensor], dict[str, Tensor]]
"""States (members, batch, length, dim) and masks (members, batch, length) of every modality."""


def orders(seeds: Sequence[int], epoch: int, examples: int) -> Tensor:
    """(seeds, examples) int64: an order for each seed that depends on the seed and the epoch alone."""
    return torch.stack([torch.randperm(examples, generator=_generator(seed, epoch, purpose=1)) for seed in seeds])


def lost(seeds: Sequence[int], epoch: int, examples: int, modalities: int, share: float) -> Tensor:
    """(seeds, examples) int64: the number of the modality that an example lacks in this epoch, −1 where none."""
    found = []
    for seed in seeds:
        generator = _generator(seed, epoch, purpose=2)
        which = torch.randint(modalities, (examples,), generator=generator)
        found.append(torch.where(torch.rand(examples, generator=generator) < share, which, -1))
    return torch.stack(found)


def gather(modalities: Modalities, rows: Tensor, gone: Tensor) -> Batch:
    """States and masks of the examples `rows` (members, batch), those `gone` (members, batch) by number masked out."""
    states = {name: modality.states[rows] for name, modality in modalities.items()}
    masks = {name: modality.mask[rows] for name, modality in modalities.items()}
    return states, {name: mask & (gone != i)[..., None] for i, (name, mask) in enumerate(masks.items())}


def shared(modalities: Modalities, members: int) -> Batch:
    """The same examples for every member, without copying them."""
    states = {name: m.states.expand(members, *m.states.shape) for name, m in modalities.items()}
    masks = {name: m.mask.expand(members, *m.mask.shape) for name, m in modalities.items()}
    return states, masks


def chunks(examples: int, size: int) -> Iterator[slice]:
    """Slices of at most `size` that cover all examples."""
    for start in range(0, examples, size):
        yield slice(start, min(start + size, examples))


def _generator(seed: int, epoch: int, purpose: int) -> torch.Generator:
    return torch.Generator().manual_seed((seed * 1_000_003 + epoch) * 7 + purpose)
