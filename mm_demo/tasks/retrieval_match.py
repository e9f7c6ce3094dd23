"""From what a model says of a match to words with their regions."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from torch import Tensor

from mm_demo.attention.methods import Method
from mm_demo.attention.trace import Trace
from mm_demo.models.family import Matched, Picture
from mm_demo.tasks.maps import image_map
from mm_demo.tasks.retrieval_result import Match, MatchedWord, Query


def explained(
    picture: Picture,
    query: Query,
    parts: Sequence[tuple[Matched, float]],
    average: float,
    center: np.ndarray | None,
    method: Method,
    unknown_words: list[str],
) -> Match:
    """Put what was found for the words and for the query's picture together.

    Args:
        picture: the hit.
        query: what it was looked for by.
        parts: the hit beside the words, beside the picture, or both in this order; each with the factor that makes
            its cosine a part of the whole query's.
        average: the score of `center`.
        center: (dimensions,), mean vector of the pictures that the hit was compared with; None where there are none.
        method: how relevance is read from the traces.
        unknown_words: of the query.
    """
    maps = [_map(method, matched.trace, matched.image_element, "image") for matched, _ in parts]
    weights = np.array([factor for _, factor in parts])
    whole = np.tensordot(weights / weights.sum(), np.stack(maps), axes=1)
    beside = parts[-1][0] if query.picture is not None else None
    return Match(
        score=float(sum(matched.similarity * factor for matched, factor in parts)),
        average=average,
        words=_words(*parts[0], center, method) if query.text else [],
        map=whole,
        query_map=None if beside is None else _map(method, beside.trace, beside.query_element, "query"),
        unknown_words=unknown_words,
        familiar=picture.familiar,
        familiarity=picture.familiarity,
        method=method.name,
    )


def _words(matched: Matched, factor: float, center: np.ndarray | None, method: Method) -> list[MatchedWord]:
    found = []
    for word in matched.words:
        relevance = _relevance(method, word.trace, matched.image_element, "image")
        shares = image_map(word.trace.segments["image"], relevance)
        if not _speaks(relevance[word.trace.segments["image"].leading :]):
            shares = np.zeros_like(shares)
        usual = 0.0 if center is None else float(word.part @ center)
        found.append(MatchedWord(word.word, word.place, (word.contribution - usual) * factor, shares))
    return found


def _map(method: Method, trace: Trace, element: tuple[str, int], segment: str) -> np.ndarray:
    return image_map(trace.segments[segment], _relevance(method, trace, element, segment))


def _relevance(method: Method, trace: Trace, element: tuple[str, int], segment: str) -> Tensor:
    return method(trace, *element)[segment]


def _speaks(relevance: Tensor) -> bool:
    return bool((relevance > 0).any())
