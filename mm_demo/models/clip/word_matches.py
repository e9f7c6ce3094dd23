"""What each word of a query meets in a picture, worked out as it is read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import overload

import torch
from torch import Tensor

from mm_demo.attention.recorder import to_records
from mm_demo.attention.trace import Trace
from mm_demo.models.clip.tracing import Traced
from mm_demo.models.clip.words import QueryWord
from mm_demo.models.family import WordMatch

_BUDGET = 128 << 20
"""Bytes of gradients that are computed at once: all words that CLIP B/32 reads, or 6 of SigLIP B/16."""


class WordMatches(Sequence[WordMatch]):
    """The words of a query, each with the gradient of its contribution by the picture's attention.

    The picture went through its tower once. A word's contribution is linear in the picture's vector, so the gradients
    of many words are one batch of vector-Jacobian products through the same graph. They are computed each time that
    words are read, `_BUDGET` bytes at a time when reading from first to last: keep the maps, not the traces.

    Args:
        words: in reading order.
        parts: (words, dimensions), each word's part of the query's vector.
        seen: the picture.
    """

    def __init__(self, words: list[QueryWord], parts: Tensor, seen: Traced) -> None:
        self._words, self._parts, self._seen = words, parts, seen
        self._contributions: list[float] = (parts @ seen.vector.detach()).tolist()
        self._records = to_records(seen.taken)
        size = sum(weights.numel() * weights.element_size() for _, weights in seen.taken)
        self._at_once = max(1, _BUDGET // size)

    def __len__(self) -> int:
        return len(self._words)

    @overload
    def __getitem__(self, index: int) -> WordMatch: ...

    @overload
    def __getitem__(self, index: slice) -> list[WordMatch]: ...

    def __getitem__(self, index: int | slice) -> WordMatch | list[WordMatch]:
        places = range(len(self))[index]
        return self._match(places) if isinstance(places, range) else self._match(range(places, places + 1))[0]

    def __iter__(self) -> Iterator[WordMatch]:
        for start in range(0, len(self), self._at_once):
            yield from self._match(range(start, min(len(self), start + self._at_once)))

    def _match(self, places: range) -> list[WordMatch]:
        if not places:
            return []
        with torch.inference_mode(False):
            gradients = torch.autograd.grad(
                self._seen.vector,
                [weights for _, weights in self._seen.taken],
                self._parts[list(places)],
                retain_graph=True,
                is_grads_batched=True,
            )
        found = []
        for at, place in enumerate(places):
            records = [
                replace(record, gradient=gradient[at, 0].float())
                for record, gradient in zip(self._records, gradients, strict=True)
            ]
            word = self._words[place]
            trace = Trace(self._seen.segments, records)
            part = self._parts[place].cpu().numpy()
            found.append(WordMatch(word.word, word.place, part, self._contributions[place], trace))
        return found
