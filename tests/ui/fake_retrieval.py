"""A stand-in for the retrieval task: pictures are their mean colours, texts the colours that they name."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from threading import Event
from typing import Any

import numpy as np

from mm_demo.errors import UserError
from mm_demo.evidence.probe import Part, Probe
from mm_demo.index import Hit, Report
from mm_demo.index.files import find_pictures
from mm_demo.tasks.inputs import read_image
from mm_demo.tasks.retrieval_result import Match, MatchedWord, Query
from tests.ui.fake_probes import REMOVALS, probe
from tests.ui.fakes_common import METHODS, Info, spot

COLOURS = {"red": (1, 0, 0), "green": (0, 1, 0), "blue": (0, 0, 1), "yellow": (1, 1, 0)}
READ = 8
"""How many words of a query it reads."""


def unit(vector: Any) -> np.ndarray:
    values = np.asarray(vector, float)
    return values / max(float(np.linalg.norm(values)), 1e-9)


def of_picture(picture: Any) -> np.ndarray:
    return unit(np.asarray(read_image(picture).resize((1, 1)))[0, 0] + 1.0)


def of_text(text: str) -> np.ndarray:
    return unit(np.sum([COLOURS.get(word, (0.1, 0.1, 0.1)) for word in text.split()], axis=0))


@dataclass
class Answer:
    hits: list[Hit]
    notes: list[str] = field(default_factory=list)
    familiar: bool = True


@dataclass
class Space:
    texts: np.ndarray
    pictures: np.ndarray
    explained: np.ndarray
    modality_gap: float


class FakeGallery:
    def __init__(self, folder: Path, report: Report, rows: list[tuple[Path, np.ndarray]]) -> None:
        self.folder, self.report, self.rows = folder, report, rows

    @property
    def center(self) -> np.ndarray:
        mean: np.ndarray = np.mean([row for _, row in self.rows], axis=0)
        return mean

    def __len__(self) -> int:
        return len(self.rows)

    def search(self, query: Query, k: int = 10) -> list[Hit]:
        vector = FakeRetrieval.embed(query)
        found = sorted(((float(row @ vector), path) for path, row in self.rows), reverse=True)[:k]
        return [Hit(path, score, 1, datetime.now(UTC)) for score, path in found]


class FakeRetrieval:
    """Knows four colours; every word meets another cell; "zebra" is unknown, and pictures named so are unfamiliar."""

    name = "retrieval"
    info = Info("fake-matcher")
    methods = METHODS
    removals = REMOVALS
    temperature = 0.1
    bias = None

    def __init__(self, delay: float = 0.0) -> None:
        self.delay = delay

    def index(
        self,
        folder: Any,
        progress: Callable[[int, int, Path], None] | None = None,
        cancel: Event | None = None,
        store: Any = None,
    ) -> FakeGallery:
        if not Path(folder).is_dir():
            raise UserError(f"“{folder}” is not a folder: give the path of a folder with pictures.")
        pictures = find_pictures(Path(folder), Path(folder) / "none").pictures
        rows, report = [], Report()
        for i, file in enumerate(pictures):
            if cancel is not None and cancel.is_set():
                report.cancelled = True
                break
            time.sleep(self.delay / 10)
            try:
                rows.append((file.path, of_picture(file.path)))
            except UserError as error:
                report.skipped.append((file.path, str(error)))
            if progress is not None:
                progress(i + 1, len(pictures), file.path)
        report.added = len(rows)
        return FakeGallery(Path(folder), report, rows)

    def answer(self, gallery: FakeGallery, query: Query, k: int = 10) -> Answer:
        cut = len(query.text.split()) > READ
        return Answer(gallery.search(query, k), [f"Only its first {READ} words were looked for."] if cut else [])

    @staticmethod
    def embed(query: Query) -> np.ndarray:
        if not query.text.strip() and query.picture is None:
            raise UserError("The query is empty: say in words what to look for, or give a picture.")
        if query.picture is None:
            return of_text(query.text)
        if not query.text.strip():
            return of_picture(query.picture)
        return unit(query.text_share * of_text(query.text) + (1 - query.text_share) * of_picture(query.picture))

    def explain(self, picture: Any, query: Query, method: str | None = None, center: np.ndarray | None = None) -> Match:
        time.sleep(self.delay)
        image, words, at = read_image(picture), [], 0
        for i, word in enumerate(query.text.split()[:READ]):
            start = query.text.index(word, at)
            at = start + len(word)
            part = float(of_picture(image) @ of_text(word)) * (-0.1 if word == "not" else 0.3)
            words.append(MatchedWord(word, (start, at), part, spot(i, method or "default")))
        unknown = [part.word for part in words if part.word == "zebra"]
        whole = spot(5, method or "default")
        beside = None if query.picture is None else spot(6)
        score = float(self.embed(query) @ of_picture(image))
        return Match(
            score,
            0.0 if center is None else float(self.embed(query) @ center),
            words,
            whole,
            beside,
            unknown,
            image.width < 400,
            0.9,
            method or "raw",
            "fake",
            image,
            query,
            self.embed(query),
            center,
        )

    def probe(self, match: Match, part: Part, word: int | None = None, removal: str = "default") -> Probe:
        """What the default method shows is what the match rests on."""
        if part == "text":
            parts = np.array([max(0.0, one.contribution) for one in match.words])
            return probe(part, "the match", removal, parts, parts, [one.word for one in match.words])
        if word is None:
            return probe(part, "the match", removal, match.map, spot(5))
        return probe(part, match.words[word].word, removal, match.words[word].map, spot(word))

    def randomised(self, match: Match, word: int | None = None) -> Iterator[tuple[str, np.ndarray]]:
        yield "last layer", match.map
        yield "everything", spot(3, "raw")

    def similarities(self, texts: Sequence[str], pictures: Sequence[Any]) -> np.ndarray:
        return np.stack([of_text(text) for text in texts]) @ np.stack([of_picture(one) for one in pictures]).T

    def probabilities(self, cosines: np.ndarray, temperature: float | None = None) -> np.ndarray:
        raised = np.exp(cosines / (temperature or self.temperature))
        return raised / raised.sum(axis=1, keepdims=True)

    def shared_space(self, texts: Sequence[str], pictures: Sequence[Any]) -> Space:
        first, second = np.stack([of_text(t) for t in texts]), np.stack([of_picture(p) for p in pictures])
        gap = float(np.linalg.norm(first.mean(0) - second.mean(0)))
        return Space(first[:, :2], second[:, :2], np.array([0.6, 0.3]), gap)

    def describe(self, picture: Any, candidates: Sequence[str] | None = None, k: int = 5) -> list[tuple[str, float]]:
        texts = candidates or [f"a {colour} thing" for colour in COLOURS]
        ranked = [(text, float(of_text(text) @ of_picture(picture))) for text in texts]
        return sorted(ranked, key=lambda entry: -entry[1])[:k]
