"""Several texts in one row, each attending to itself alone: no computing on padding, which would be half of a batch."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from mm_demo.training.loop import Batch


def pack(texts: Sequence[Sequence[int] | np.ndarray], length: int = 128) -> Batch:
    """Lay the texts into rows of `length` tokens, longest first.

    Returns:
        ids, positions: (rows, length); 0 behind the last text.
        owner: (rows, length) index of the text a token belongs to, -1 where there is none.
        order: (tokens,) index into the flattened rows of each text's tokens, text by text.
        starts: (texts,) index into the flattened rows of each text's first token.
    """
    room: list[int] = []
    place = np.zeros((len(texts), 2), int)
    for k in sorted(range(len(texts)), key=lambda k: -len(texts[k])):
        size = len(texts[k])
        row = next((r for r, left in enumerate(room) if left >= size), len(room))
        if row == len(room):
            room.append(max(length, size))
        place[k] = row, length - room[row]
        room[row] -= size
    ids, positions = np.zeros((len(room), length), int), np.zeros((len(room), length), int)
    owner = np.full((len(room), length), -1)
    order = []
    for k, text in enumerate(texts):
        row, at = place[k]
        here = slice(at, at + len(text))
        ids[row, here], positions[row, here], owner[row, here] = text, range(len(text)), k
        order.append(np.arange(row * length + at, row * length + at + len(text)))
    return {
        "ids": torch.from_numpy(ids),
        "positions": torch.from_numpy(positions),
        "owner": torch.from_numpy(owner),
        "order": torch.from_numpy(np.concatenate(order)),
        "starts": torch.from_numpy(place[:, 0] * length + place[:, 1]),
    }


def apart(owner: Tensor) -> Tensor:
    """(rows, 1, length, length) bool: may a token (third axis) look at another (fourth)? Only in its own text."""
    return (owner[:, :, None] == owner[:, None, :])[:, None]
