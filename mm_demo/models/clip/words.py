"""The words of a query, as a person sees them, and the tokens that each is made of."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from mm_demo.models.tokens import ReadText

_RUNS = re.compile(r"\w+(?:['’\-]\w+)*|[^\w\s]+")


@dataclass(frozen=True)
class QueryWord:
    """One word.

    Attributes:
        word: as typed.
        place: (start, end) of its characters in the query.
        tokens: indices of the tokens that it is made of, at least one.
    """

    word: str
    place: tuple[int, int]
    tokens: tuple[int, ...]


def words_of(text: str, read: ReadText) -> list[QueryWord]:
    """The words of which at least one token was read, in reading order.

    Punctuation between words is none; a run of other signs (an emoji, "&", "+") is one.
    """
    last = max((place[1] for place in read.ranges if place is not None), default=0)
    found = []
    for run in _RUNS.finditer(text, 0, last):
        if all(unicodedata.category(sign).startswith("P") for sign in run[0]):
            continue
        tokens = tuple(
            i for i, place in enumerate(read.ranges) if place and place[0] < run.end() and place[1] > run.start()
        )
        if tokens:
            found.append(QueryWord(run[0], run.span(), tokens))
    return found


def without(ids: list[int], word: QueryWord) -> list[int]:
    """The ids of the text with one word taken out."""
    return [id_ for i, id_ in enumerate(ids) if i not in word.tokens]
