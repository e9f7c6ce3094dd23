"""Whole answers of a decoder, ranked by their probability."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor
from transformers.cache_utils import Cache

_WIDTH = 5
_NEGLIGIBLE = 1e-3

_Beginning = tuple[tuple[int, ...], float]
"""Ids so far, and their log-probability."""


def rank_sequences(
    first: tuple[Tensor, Cache], advance: Callable[[Tensor, Cache], tuple[Tensor, Cache]], end: int, longest: int
) -> list[tuple[tuple[int, ...], float]]:
    """Beam search for the most probable sequences, a sequence's probability being the product over its tokens and end.

    Beginnings of negligible probability are dropped, so a sure model takes two or three steps, and the search stops as
    soon as no open beginning can overtake what is finished. A sequence has at least one token; one that reaches the
    limit counts as it stands. No two are the same event, so the probabilities sum to at most 1.

    Args:
        first: log-probabilities of the first token, (1, vocabulary), and the cache behind it.
        advance: from the last ids (beams, 1) and the cache of what came before, the log-probabilities
            (beams, vocabulary) of what comes next, and the new cache.
        end: id that ends a sequence, not part of it.
        longest: most tokens of a sequence.

    Returns:
        [(ids, probability)], best first.
    """
    finished: list[_Beginning] = []
    beams: list[_Beginning] = [((), 0.0)]
    scores, cache = first
    device = scores.device
    for length in range(1, longest + 1):
        if length > 1:
            scores, cache = advance(torch.tensor([[ids[-1]] for ids, _ in beams], device=device), cache)
        scores = scores + torch.tensor([score for _, score in beams], device=device)[:, None]
        if length == 1:
            scores[:, end] = float("-inf")
        top = scores.flatten().topk(min(2 * _WIDTH, scores.numel()))
        parents: list[int] = []
        grown: list[_Beginning] = []
        for index, score in zip(top.indices.tolist(), top.values.tolist(), strict=True):
            parent, token = divmod(index, scores.shape[1])
            if token == end:
                finished.append((beams[parent][0], score))
            elif len(grown) < _WIDTH:
                parents.append(parent)
                grown.append(((*beams[parent][0], token), score))
        finished = _best(finished)
        if length == longest:
            return _probabilities(_best(finished + grown))
        keep = [i for i, (_, score) in enumerate(grown) if _worth_growing(score, i == 0, finished)]
        if not keep:
            break
        beams = [grown[i] for i in keep]
        cache.reorder_cache(torch.tensor([parents[i] for i in keep], device=device))
    return _probabilities(finished)


def _worth_growing(score: float, likeliest: bool, finished: list[_Beginning]) -> bool:
    if len(finished) == _WIDTH and score <= finished[-1][1]:
        return False
    return math.exp(score) >= _NEGLIGIBLE or (likeliest and not finished)


def _best(sequences: list[_Beginning]) -> list[_Beginning]:
    return sorted(sequences, key=lambda sequence: -sequence[1])[:_WIDTH]


def _probabilities(sequences: list[_Beginning]) -> list[tuple[tuple[int, ...], float]]:
    return [(ids, math.exp(score)) for ids, score in sequences]
