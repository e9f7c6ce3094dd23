"""The same picture and the same question with parts missing, as ViLT's sequence takes them, many at once."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from mm_demo.models.removal import ATTENTION, WAYS, filling
from mm_demo.models.tokens import ReadText
from mm_demo.models.vilt.eyes import SeenPicture, ViltEyes

PATCH_WAYS = (*WAYS, ATTENTION)

_ELEMENTS = {"cpu": 4096}
_ELEMENTS_ELSEWHERE = 32768
"""Most elements, over all variants, that go through the layers at once, to bound their memory."""


class PatchVariants:
    """A picture whose patches are partly removed; the class token always stays.

    A patch's embedding depends on no pixel of another's, so that a picture with parts replaced is put together from
    two embeddings: its own, and that of what stands where patches are removed.

    Args:
        eyes: the embedding.
        picture: whole.
        way: one of `PATCH_WAYS`.
    """

    def __init__(self, eyes: ViltEyes, picture: SeenPicture, way: str) -> None:
        self._states = picture.states
        self._filled: Tensor | None = None
        if way != ATTENTION:
            pixels = eyes.pixels(picture.image)
            with torch.inference_mode():
                self._filled = eyes.embed(filling(pixels, way)[None])

    def __call__(self, keep: np.ndarray | None, count: int) -> tuple[Tensor, Tensor]:
        """Embeddings (count, 1 + patches, dim), and which of them may be looked at, (count, 1 + patches) int64.

        Args:
            keep: (count, patches) bool; None for the whole picture.
            count: of variants.
        """
        states = self._states.expand(count, -1, -1)
        everything = torch.ones(states.shape[:2], dtype=torch.long, device=states.device)
        if keep is None:
            return states, everything
        stays = torch.from_numpy(np.hstack([np.ones((count, 1), bool), keep])).to(states.device)
        if self._filled is None:
            return states, stays.long()
        return torch.where(stays[..., None], states, self._filled), everything


class WordVariants:
    """A question whose tokens that stand for what was typed are partly removed; the others always stay.

    Args:
        read: the whole question.
        stand_in: id that takes the place of a removed token; None for removal by `ATTENTION`.
    """

    def __init__(self, read: ReadText, stand_in: int | None) -> None:
        self._ids = np.array(read.ids)
        self._typed = np.array([place is not None for place in read.ranges])
        self._stand_in = stand_in

    def __call__(self, keep: np.ndarray | None, count: int) -> tuple[Tensor, Tensor]:
        """Ids (count, tokens), and which of them may be looked at, (count, tokens) int64.

        Args:
            keep: (count, typed tokens) bool; None for the whole question.
            count: of variants.
        """
        ids = np.tile(self._ids, (count, 1))
        stays = np.ones(ids.shape, bool)
        if keep is not None:
            stays[:, self._typed] = keep
        if self._stand_in is None:
            return torch.from_numpy(ids), torch.from_numpy(stays).long()
        return torch.from_numpy(np.where(stays, ids, self._stand_in)), torch.ones(ids.shape, dtype=torch.long)


def chunks(count: int, length: int, device: torch.device) -> Iterator[slice]:
    """Slices of a bounded number of variants, each a sequence of `length` elements."""
    step = max(1, _ELEMENTS.get(device.type, _ELEMENTS_ELSEWHERE) // length)
    for start in range(0, count, step):
        yield slice(start, min(start + step, count))
