"""Readers of the two collections of English sentences that the text model learns from, with their splits."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from mm_demo.errors import UserError

Sentiment = Literal["negative", "neutral", "positive"]
SENTIMENTS: tuple[Sentiment, ...] = ("negative", "neutral", "positive")
"""In the order of the classes of every sentiment checkpoint."""

POSITIVE = frozenset(
    [
        "admiration",
        "amusement",
        "approval",
        "caring",
        "desire",
        "excitement",
        "gratitude",
        "joy",
        "love",
        "optimism",
        "pride",
        "relief",
    ]
)
NEGATIVE = frozenset(
    [
        "anger",
        "annoyance",
        "disappointment",
        "disapproval",
        "disgust",
        "embarrassment",
        "fear",
        "grief",
        "nervousness",
        "remorse",
        "sadness",
    ]
)
AMBIGUOUS = frozenset(["confusion", "curiosity", "realization", "surprise"])
"""With the two above, the grouping of Demszky et al. (2020); their 28th label is "neutral"."""

SOURCES = (
    "DIR holds goemotions/ with train.tsv, dev.tsv, test.tsv and labels.txt (GoEmotions, Demszky et al. 2020, "
    "CC BY 4.0 by Google: github.com/google-research/google-research/tree/master/goemotions/data, where labels.txt is "
    "called emotions.txt) and rt_polarity/ with rt-polarity.neg and rt-polarity.pos in UTF-8 (sentence polarity data "
    "set 1.0, Pang & Lee 2005: www.cs.cornell.edu/people/pabo/movie-review-data)"
)
"""Where a user gets the data, for the help of every script that reads them."""

_HELD_OUT_EVERY = 10
_EMOTION_FILES = ("train.tsv", "dev.tsv", "test.tsv", "labels.txt")
_POLARITY_FILES: dict[str, Sentiment] = {"rt-polarity.neg": "negative", "rt-polarity.pos": "positive"}


@dataclass(frozen=True)
class Sentence:
    """One labelled sentence.

    Attributes:
        text: as it was written.
        sentiment: of the whole sentence.
        emotions: GoEmotions' labels other than "neutral", by name; empty for rt_polarity.
    """

    text: str
    sentiment: Sentiment
    emotions: tuple[str, ...]


def read_goemotions(folder: Path) -> dict[str, list[Sentence]]:
    """GoEmotions' own splits "train", "dev" and "test", in the order of the files.

    Only sentences whose labels agree are kept: all positive, all negative, or nothing but neutral. "neutral" beside an
    emotion is overruled by it; the four ambiguous emotions have no polarity, so a sentence with one is left out.

    Raises:
        UserError: a file is missing, empty, or not in the format of the published data.
    """
    _require(folder, _EMOTION_FILES, "GoEmotions")
    names = (folder / "labels.txt").read_text(encoding="utf-8").split()
    if set(names) != POSITIVE | NEGATIVE | AMBIGUOUS | {"neutral"}:
        raise UserError(f"“{folder / 'labels.txt'}” doesn't hold GoEmotions' 28 labels: fetch it again.")
    return {name: _emotional(folder / f"{name}.tsv", names) for name in ("train", "dev", "test")}


def read_rt_polarity(folder: Path) -> dict[str, list[Sentence]]:
    """rt_polarity as "train" and "test"; lines 10, 20, 30, … of each file are the test, for it has no split of its own.

    Raises:
        UserError: a file is missing or empty.
    """
    _require(folder, tuple(_POLARITY_FILES), "rt_polarity")
    split: dict[str, list[Sentence]] = {"train": [], "test": []}
    for name, sentiment in _POLARITY_FILES.items():
        # Not splitlines(): some reviews hold characters that it, unlike every text editor, takes for the end of a line.
        lines = _text(folder / name).removesuffix("\n").split("\n")
        for number, line in enumerate(lines, start=1):
            part = "train" if number % _HELD_OUT_EVERY else "test"
            split[part].append(Sentence(line.strip(), sentiment, ()))
    return split


def _require(folder: Path, names: tuple[str, ...], collection: str) -> None:
    if not folder.is_dir():
        raise UserError(f"There is no folder “{folder}”: it should hold {collection} ({', '.join(names)}).")
    for name in names:
        path = folder / name
        if not path.is_file() or path.stat().st_size == 0:
            raise UserError(f"“{path}” is missing or empty: {collection} needs {', '.join(names)}.")


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise UserError(f"“{path}” is not UTF-8 text: convert it, or fetch it again.") from None


def _emotional(path: Path, names: list[str]) -> list[Sentence]:
    sentences = []
    for number, row in enumerate(csv.reader(_text(path).split("\n"), delimiter="\t", quoting=csv.QUOTE_NONE), start=1):
        if not row:
            continue
        try:
            labels = {names[int(index)] for index in row[1].split(",")}
        except (IndexError, ValueError):
            raise UserError(f"Line {number} of “{path}” is not “text, label numbers, id” with tabs between.") from None
        sentiment = _polarity(labels)
        if sentiment is not None:
            sentences.append(Sentence(row[0].strip(), sentiment, tuple(sorted(labels - {"neutral"}))))
    return sentences


def _polarity(labels: set[str]) -> Sentiment | None:
    emotions = labels - {"neutral"}
    if not emotions:
        return "neutral"
    if emotions <= POSITIVE:
        return "positive"
    return "negative" if emotions <= NEGATIVE else None
