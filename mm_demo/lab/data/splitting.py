"""Which examples are for training, for validation and for the test."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mm_demo.errors import UserError
from mm_demo.lab.data.dataset import SPLITS

_SHARE = 0.15


def draw_splits(labels: Tensor, seed: int = 0) -> dict[str, Tensor]:
    """15 % of every class for validation and 15 % for the test, at least one each, the rest for training.

    Args:
        labels: (examples,) int64, three or more of every class.
        seed: which draw.
    """
    generator = torch.Generator().manual_seed(seed)
    rows: dict[str, list[Tensor]] = {split: [] for split in SPLITS}
    for label in labels.unique():
        of_class = torch.nonzero(labels == label)[:, 0]
        shuffled = of_class[torch.randperm(len(of_class), generator=generator)]
        held = max(1, round(_SHARE * len(of_class)))
        for split, part in zip(SPLITS, shuffled.split([len(of_class) - 2 * held, held, held]), strict=True):
            rows[split].append(part)
    return {split: torch.cat(parts).sort().values for split, parts in rows.items()}


def given_splits(split: NDArray[np.generic], examples: int) -> dict[str, Tensor]:
    """The splits that an array of their names says.

    Raises:
        UserError: another shape, another name, or a split without examples.
    """
    if split.shape != (examples,) or split.dtype.kind != "U":
        raise UserError(f"`split` is {split.dtype} of shape {split.shape}: give one of {', '.join(SPLITS)} an example.")
    names = split.astype(str)
    if unknown := sorted(set(names.tolist()) - set(SPLITS)):
        raise UserError(f"`split` holds “{unknown[0]}”: its values are {', '.join(SPLITS)}.")
    rows = {name: torch.from_numpy(np.flatnonzero(names == name)) for name in SPLITS}
    for name, found in rows.items():
        if not len(found):
            raise UserError(f"`split` puts no example into “{name}”: put some there, or leave `split` out.")
    return rows
