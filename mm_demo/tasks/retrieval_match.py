"""From what a model says of a match to words with their regions."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from torch import Tensor

from mm_demo.attention.methods import Method
from mm_demo.attention.trace import Trace
from mm_demo.errors import UserError
from mm_demo.models.family import Matched, Picture
from mm_demo.tasks.maps import image_map
from mm_demo.tasks.retrieval_result import Match, MatchedWord, Query

_NOTHING = 1e-6
"""A sum of vectors of length 1 that is shorter has no direction."""


def explained(
    picture: Picture,
    query: Query,
    parts: Sequence[tuple[Matched, float]],
    center: np.ndarray | None,
    method: Method,
    model: str,
    unknown_words: list[str],
) -> Match:
    """Put what was found for the words and for the query's picture together.

    Args:
        picture: the hit.
        query: what it was looked for by.
        parts: the hit beside the words, beside the picture, or both in this order; each with its share of the query.
        center: (dimensions,), mean vector of the pictures that the hit was compared with; None where there are none.
        method: how relevance is read from the traces.
        model: id of the one that matched them.
        unknown_words: of the query.

    Raises:
        UserError: the query's two halves cancel out.
    """
    total: np.ndarray = np.sum([share * matched.vector for matched, share in parts], axis=0)
    length = length_of(total)
    # The cosine with the sum at length 1 is the sum of the parts' own cosines by these factors.
    factors = np.array([share for _, share in parts]) / length
    maps = [_map(method, matched.trace, matched.image_element, "image") for matched, _ in parts]
    whole = np.tensordot(factors / factors.sum(), np.stack(maps), axes=1)
    beside = parts[-1][0] if query.picture is not None else None
    return Match(
        score=float(sum(matched.similarity * factor for (matched, _), factor in zip(parts, factors, strict=True))),
        average=0.0 if center is None else float(total @ center) / length,
        words=_words(parts[0][0], float(factors[0]), center, method) if query.text else [],
        map=whole,
        query_map=None if beside is None else _map(method, beside.trace, beside.query_element, "query"),
        unknown_words=unknown_words,
        familiar=picture.familiar,
        familiarity=picture.familiarity,
        method=method.name,
        model=model,
        image=picture.image,
        query=query,
        vector=total,
        center=center,
    )


def length_of(total: np.ndarray) -> float:
    """The length of a query's vector.

    Raises:
        UserError: there is next to nothing of it.
    """
    length = float(np.linalg.norm(total))
    if length < _NOTHING:
        raise UserError("Words and picture are each other's opposites: change the share that each one has.")
    return length


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
