"""The small world as tensors, and the batches drawn from it."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from mm_demo.alignment.encoders import Vocabulary
from mm_demo.alignment.world import SIDE, Pair, world

_SHIFT = 2
"""By how many pixels a batch is moved at most; without it, two thousand pictures are soon learned by heart."""


@dataclass(frozen=True)
class Tensors:
    """What training reads.

    Attributes:
        pictures: (pairs, 3, `SIDE`, `SIDE`) float, 0…1.
        words: (pairs, wordings, length) int64, as `Vocabulary` numbers them.
        truth: (pairs, pairs) bool, where a text (column) may be true of a picture (row).
        held_out_pictures: like `pictures`.
        held_out_words: (pairs, length), one wording each.
        vocabulary: how many words there are.
    """

    pictures: Tensor
    words: Tensor
    truth: Tensor
    held_out_pictures: Tensor
    held_out_words: Tensor
    vocabulary: int


@dataclass(frozen=True)
class Batch:
    """(batch, 3, `SIDE`, `SIDE`) pictures, (batch, length) words, and (batch, batch) bool which pairs are negatives.

    The matches are the diagonal.
    """

    pictures: Tensor
    words: Tensor
    negatives: Tensor


_lock = threading.Lock()


def tensors() -> Tensors:
    """The world, made at the first call; two people who ask at once wait for the same."""
    with _lock:
        return _tensors()


@lru_cache(maxsize=1)
def _tensors() -> Tensors:
    made = world()
    texts = [text for pair in made.training for text in pair.texts]
    vocabulary = Vocabulary(texts)
    words = vocabulary.encode(texts)
    return Tensors(
        _pixels(made.training),
        words.view(len(made.training), -1, words.shape[1]),
        torch.from_numpy(made.truth),
        _pixels(made.held_out),
        vocabulary.encode([pair.texts[0] for pair in made.held_out]),
        len(vocabulary),
    )


def draw(source: Tensors, size: int, one_negative: bool, generator: torch.Generator) -> Batch:
    """A batch of different pairs, each text in one of its wordings.

    Args:
        source: where from.
        size: how many pairs.
        one_negative: leave each picture and each text one negative, drawn at random; otherwise all there are.
        generator: makes every choice, and as many for either kind of negatives.
    """
    chosen = torch.randperm(len(source.pictures), generator=generator)[:size]
    wording = torch.randint(source.words.shape[1], (size,), generator=generator)
    left, top = torch.randint(2 * _SHIFT + 1, (2,), generator=generator).tolist()
    other = int(torch.randint(1, size, (), generator=generator))
    wide = functional.pad(source.pictures[chosen], (_SHIFT,) * 4, mode="replicate")
    negatives = ~source.truth[chosen][:, chosen]
    if one_negative:
        negatives &= torch.eye(size, dtype=torch.bool).roll(other, 1)
    return Batch(wide[:, :, top : top + SIDE, left : left + SIDE], source.words[chosen, wording], negatives)


def _pixels(pairs: tuple[Pair, ...]) -> Tensor:
    return torch.from_numpy(np.stack([pair.picture for pair in pairs])).permute(0, 3, 1, 2).float() / 255
