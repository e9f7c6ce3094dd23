"""A match, asked for again with parts of its picture or of its query missing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np

from mm_demo.errors import UserError
from mm_demo.evidence.probe import Probe
from mm_demo.models.family import Matcher
from mm_demo.tasks.retrieval_result import Match

Score = Callable[[np.ndarray], np.ndarray]

_SMALLEST = 1e-12
"""A query of which nothing is left has no direction, and no score."""


def match_probe(model: Matcher, match: Match, part: Literal["image", "text"], word: int | None, removal: str) -> Probe:
    """As `RetrievalTask.probe`.

    Args:
        model: that made the match.
        match: the match.
        part: "image" or "text".
        word: index among the match's words; None for the whole query.
        removal: one that the model offers.
    """
    if part == "text" and not match.words:
        raise UserError("There are no words in this query to take away: search by words.")
    if word is not None and not 0 <= word < len(match.words):
        raise UserError(f"There is no word number {word}; the query has {len(match.words)}.")
    scored = match.words[word] if word is not None else None
    if part == "text":
        if scored is not None:
            raise UserError("A word's own part is read off the picture: remove parts of the picture instead.")
        return Probe(
            part="text",
            answer="the match",
            unit="score",
            removal=removal,
            labels=tuple(one.word for one in match.words),
            shape=None,
            relevance=np.array([one.contribution for one in match.words]),
            score=_without_words(model, match, removal),
        )
    shown = match.map if scored is None else scored.map
    return Probe(
        part="image",
        answer="the match" if scored is None else scored.word,
        unit="score",
        removal=removal,
        labels=("",) * shown.size,
        shape=(shown.shape[0], shown.shape[1]),
        relevance=shown.ravel(),
        score=_without_patches(model, match, word, removal),
    )


def _without_patches(model: Matcher, match: Match, word: int | None, removal: str) -> Score:
    """What is asked stays; of the score that leaves its inner product with whatever the picture becomes."""
    if word is None:
        asked, usual = match.vector / np.linalg.norm(match.vector), match.average
    else:
        asked = _part_of(model, match, word)
        usual = 0.0 if match.center is None else float(asked @ match.center)
    seen = model.picture_variants(match.image, removal)
    return lambda kept: seen(kept).astype(np.float64) @ asked - usual


def _part_of(model: Matcher, match: Match, word: int) -> np.ndarray:
    """(dimensions,): what the query's vector, at length 1, owes to a word."""
    kept = np.ones((2, len(match.words)), bool)
    kept[1, word] = False
    whole, without = model.text_variants(match.query.text, "omit")(kept).astype(np.float64)
    part: np.ndarray = (whole - without) * _share(match) / np.linalg.norm(match.vector)
    return part


def _without_words(model: Matcher, match: Match, removal: str) -> Score:
    """The picture stays; the query is put together anew of whatever its words become and its picture."""
    words = np.ones((1, len(match.words)), bool)
    whole = np.ones((1, match.map.size), bool)
    [seen] = model.picture_variants(match.image, model.patch_removals[0])(whole).astype(np.float64)
    if match.center is not None:
        seen = seen - match.center
    texts, share = model.text_variants(match.query.text, removal), _share(match)
    beside = match.vector - share * texts(words)[0]

    def score(kept: np.ndarray) -> np.ndarray:
        queries = share * texts(kept).astype(np.float64) + beside
        lengths = np.linalg.norm(queries, axis=1).clip(min=_SMALLEST)
        found: np.ndarray = queries @ seen / lengths
        return found

    return score


def _share(match: Match) -> float:
    """The words' share of the query."""
    return 1.0 if match.query.picture is None else match.query.text_share
