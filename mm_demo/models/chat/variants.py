"""The same picture and the same question with parts missing, as a chat model's decoder reads them."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import torch
from torch import Tensor

from mm_demo.attention.trace import ImageLayout
from mm_demo.models.chat.decoder import Beginning
from mm_demo.models.chat.eyes import ChatEyes
from mm_demo.models.chat.network import ChatPicture
from mm_demo.models.removal import ATTENTION, WAYS

PATCH_WAYS = (ATTENTION, *WAYS)
"""To paint over a picture costs a pass of the tower over all of its tiles each time, seconds on a CPU: it is not the
default."""

_TOGETHER = 8
"""Most texts after one picture that go through the decoder at once: each has its own copy of the picture's keys."""

Begin = Callable[[Tensor, Tensor | None], Beginning]
"""From what stands for the picture, (1, image tokens, dim), and which of its tokens may be looked at, (image tokens,)
bool or None for all, to the prompt's beginning."""


class PictureVariants:
    """The beginning of a prompt about a picture that is partly removed.

    In the way "attention" the tower, which saw the whole picture, does not run again, and a token goes when more than
    half of the cells that it covers do.

    Args:
        eyes: the tower.
        picture: whole.
        way: one of `PATCH_WAYS`.
        whole: the beginning with the whole picture.
        begin: makes another.
    """

    def __init__(self, eyes: ChatEyes, picture: ChatPicture, way: str, whole: Beginning, begin: Begin) -> None:
        self._picture, self._way, self._whole, self._begin = picture, way, whole, begin
        self._painted = None if way == ATTENTION else eyes.painted(picture, way)

    def __call__(self, keep: np.ndarray) -> Iterator[tuple[np.ndarray, Beginning]]:
        """Each different beginning, and which rows have it, a bounded number at a time.

        Args:
            keep: (n, cells) bool; (n, 1), True, for the whole picture each time.
        """
        kinds, which = np.unique(keep, axis=0, return_inverse=True)
        for kind, cells in enumerate(kinds):
            beginning = self._one(cells)
            rows = np.flatnonzero(which.ravel() == kind)
            for start in range(0, len(rows), _TOGETHER):
                yield rows[start : start + _TOGETHER], beginning

    def _one(self, cells: np.ndarray) -> Beginning:
        if cells.all():
            return self._whole
        if self._painted is None:
            visible = torch.from_numpy(tokens_kept(self._picture.view.layout, cells))
            return self._begin(self._picture.states, visible)
        return self._begin(self._painted(cells), None)


class QuestionVariants:
    """The tokens of a question, those that stand for what was typed partly removed; the others always stay.

    Args:
        ids: of the question.
        typed: (tokens,) bool, True for those that stand for something.
        stand_in: id that takes a removed token's place; None where it stays and may not be looked at.
    """

    def __init__(self, ids: np.ndarray, typed: np.ndarray, stand_in: int | None) -> None:
        self._ids, self._typed, self._stand_in = ids, typed, stand_in

    def __call__(self, keep: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
        """Ids (n, tokens), and which may be looked at (n, tokens), None for all.

        Args:
            keep: (n, typed tokens) bool.
        """
        ids = np.tile(self._ids, (len(keep), 1))
        stays = np.ones(ids.shape, bool)
        stays[:, self._typed] = keep
        if self._stand_in is None:
            return ids, stays
        return np.where(stays, ids, self._stand_in), None


def tokens_kept(layout: ImageLayout, cells: np.ndarray) -> np.ndarray:
    """(image tokens,) bool: the tokens of which at least half of the cells are kept.

    Args:
        layout: of the tokens.
        cells: (cells,) bool, True where one is kept.
    """
    if layout.boxes is None:
        return cells
    grid = cells.reshape(layout.rows, layout.cols)
    return np.array([grid[top:bottom, left:right].mean() >= 0.5 for top, left, bottom, right in layout.boxes])
