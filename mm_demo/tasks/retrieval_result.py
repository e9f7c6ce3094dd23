"""What a search returns, and why a hit matched."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image


@dataclass(frozen=True)
class Query:
    """What is looked for: words, a picture, or both.

    Attributes:
        text: words; empty for none.
        picture: upright RGB, or None.
        text_share: where both are given, the words' share of the sum, 0…1; the picture has the rest.
    """

    text: str = ""
    picture: Image.Image | None = None
    text_share: float = 0.5


@dataclass(frozen=True)
class MatchedWord:
    """A word of the query: its characters, what the score owes to it, and the part of the picture that it meets.

    Attributes:
        word: as typed.
        place: (start, end) in the query.
        contribution: what it adds to how far the picture stands above `Match.average`; negative where it takes from
            that. Texts lie at different distances from all pictures, so a word that is true of a picture often lowers
            its cosine, and lowers that of the others more.
        map: (rows, cols), sums to 1, or all 0 where no part speaks for the word.
    """

    word: str
    place: tuple[int, int]
    contribution: float
    map: np.ndarray


@dataclass(frozen=True)
class Match:
    """Why a picture matched a query.

    Attributes:
        score: the cosine that ranked it, -1…1; of the weighted sum where words and a picture were given.
        average: the mean score of the pictures that it was compared with; 0 where none were named.
        words: of the query, in reading order; empty without words.
        map: (rows, cols), sums to 1: where in the picture the whole query is met.
        query_map: likewise in the query's picture; None without one.
        unknown_words: words of the query that the model does not know.
        familiar: whether the picture is of the kind that the model knows.
        familiarity: 0…1.
        method: name of the explanation method.
        model: id of the one that matched them.
        image: the picture, upright, RGB.
        query: what it was looked for by.
        vector: (dimensions,), the weighted sum of the query's vectors, before it is set to length 1.
        center: (dimensions,), the mean vector of the pictures that it was compared with; None where none were named.
    """

    score: float
    average: float
    words: list[MatchedWord]
    map: np.ndarray
    query_map: np.ndarray | None
    unknown_words: list[str]
    familiar: bool
    familiarity: float
    method: str
    model: str
    image: Image.Image
    query: Query
    vector: np.ndarray
    center: np.ndarray | None
