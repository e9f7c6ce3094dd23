"""The same picture and the same question with parts missing, as BLIP's text stacks see them, many at once."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from mm_demo.models.blip.parts import BlipEyes, BlipVocabulary
from mm_demo.models.family import Picture
from mm_demo.models.removal import ATTENTION, WAYS, filling, without_patches

PATCH_WAYS = (*WAYS, ATTENTION)

_ROWS = 32
"""Most variants that go through the text stacks at once."""

_ELEMENTS = {"cpu": 2048}
_ELEMENTS_ELSEWHERE = 32768
"""Most patches that go through the vision encoder at once, to bound its memory: 3 pictures of BLIP base on a CPU."""


class PictureVariants:
    """What the vision encoder makes of a picture whose patches are partly removed.

    The class token always stays. In the way "attention" the encoder, which saw the whole picture, does not run again.

    Args:
        eyes: the encoder.
        picture: whole.
        way: one of `PATCH_WAYS`.
    """

    def __init__(self, eyes: BlipEyes, picture: Picture, way: str) -> None:
        self._eyes, self._states, self._way = eyes, picture.states, way
        if way != ATTENTION:
            self._pixels = eyes.pixels(picture.image)
            self._filled = filling(self._pixels, way)
            count = len(eyes.segment) - eyes.segment.leading
            # Every curve has these two, and so has every coalition: they are encoded once.
            self._known = {bytes([1]) * count: picture.states[0]}
            self._blank = bytes(count)

    def __call__(self, keep: np.ndarray | None) -> tuple[Tensor, Tensor | None]:
        """The states to look at, (n, elements, dim) or (1, elements, dim) for all alike, and their mask (n, elements).

        Args:
            keep: (n, patches) bool; None for the whole picture.
        """
        if keep is None:
            return self._states, None
        if self._way == ATTENTION:
            leading = np.ones((len(keep), self._eyes.segment.leading), bool)
            return self._states, torch.from_numpy(np.hstack([leading, keep])).to(self._states.device)
        rows = [row.tobytes() for row in keep]
        new = {key: row for key, row in zip(rows, keep, strict=True) if key not in self._known}
        encoded = self._known | dict(zip(new, self._encode(list(new.values())), strict=True))
        if self._blank in new:
            self._known = self._known | {self._blank: encoded[self._blank]}
        return torch.stack([encoded[key] for key in rows]), None

    def _encode(self, keep: list[np.ndarray]) -> Iterator[Tensor]:
        step = max(1, _ELEMENTS.get(self._states.device.type, _ELEMENTS_ELSEWHERE) // self._states.shape[1])
        for start in range(0, len(keep), step):
            rows = torch.from_numpy(np.array(keep[start : start + step]))
            shape, patch = self._eyes.grid
            yield from self._eyes.states(without_patches(self._pixels, self._filled, rows, shape, patch))


class QuestionVariants:
    """The tokens of a question, those that stand for what was typed partly removed; the others always stay.

    Args:
        vocabulary: the model's.
        question: as typed.
        way: one of the vocabulary's `removals`.

    Raises:
        UserError: more tokens than the model has positions for.
    """

    def __init__(self, vocabulary: BlipVocabulary, question: str, way: str) -> None:
        read = vocabulary.encode(question)
        self._ids = np.array(read.ids)
        self._typed = np.array([place is not None for place in read.ranges])
        self._stand_in = None if way == ATTENTION else vocabulary.stand_ins[way]

    def __call__(self, keep: np.ndarray | None, count: int) -> tuple[Tensor, Tensor | None]:
        """Ids (count, tokens), and a mask (count, tokens) where removed tokens may not be looked at.

        Args:
            keep: (count, typed tokens) bool; None for the whole question.
        """
        ids = np.tile(self._ids, (count, 1))
        if keep is None:
            return torch.from_numpy(ids), None
        stays = np.ones(ids.shape, bool)
        stays[:, self._typed] = keep
        if self._stand_in is None:
            return torch.from_numpy(ids), torch.from_numpy(stays)
        return torch.from_numpy(np.where(stays, ids, self._stand_in)), None


def chunks(count: int) -> Iterator[slice]:
    """Slices of a bounded number of variants."""
    for start in range(0, count, _ROWS):
        yield slice(start, min(start + _ROWS, count))
