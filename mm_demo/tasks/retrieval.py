"""Words or a picture in, the most similar pictures of a folder out, and why each one matched."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from functools import cached_property
from threading import Event
from typing import Literal

import numpy as np
from PIL import Image

from mm_demo.errors import UserError
from mm_demo.evidence.probe import Part, Probe
from mm_demo.models.family import Matcher
from mm_demo.tasks.inputs import read_image
from mm_demo.tasks.ownership import own_result
from mm_demo.tasks.picture_task import PictureTask
from mm_demo.tasks.removals import choose_removal
from mm_demo.tasks.results import ImageSource
from mm_demo.tasks.retrieval_answer import SearchAnswer
from mm_demo.tasks.retrieval_descriptions import bundled_descriptions
from mm_demo.tasks.retrieval_gallery import Gallery, Progress, open_gallery
from mm_demo.tasks.retrieval_match import explained, length_of
from mm_demo.tasks.retrieval_probe import match_probe
from mm_demo.tasks.retrieval_query import QuerySource, checked, read_query
from mm_demo.tasks.retrieval_result import Match, Query
from mm_demo.tasks.retrieval_space import SharedSpace, shared_space
from mm_demo.tasks.words import read_text


class RetrievalTask(PictureTask[Matcher]):
    """Finds pictures. One task serves many threads at once, each with its own gallery.

    Args:
        model: an opened model of pictures and texts in one space.
    """

    name = "retrieval"

    @property
    def removals(self) -> dict[Part, tuple[str, ...]]:
        """For each part the ways in which it can be taken away, the default first."""
        return {"image": self._model.patch_removals, "text": self._model.word_removals}

    @property
    def temperature(self) -> float:
        """What the model divides cosines by before it makes probabilities of them."""
        return 1 / self._model.scale

    @property
    def bias(self) -> float | None:
        """What the model adds to scaled cosines before a sigmoid; None where it takes a softmax."""
        return self._model.bias

    def index(
        self,
        folder: str | os.PathLike[str],
        progress: Progress | None = None,
        cancel: Event | None = None,
        store: str | os.PathLike[str] | None = None,
    ) -> Gallery:
        """Open a folder of pictures for searching, its index brought up to date.

        Args:
            folder: the pictures, in any sub-folders too.
            progress: told (done, total, path) after each picture that is new or changed; called in this thread.
            cancel: set it to stop soon; what is done by then is kept, and found.
            store: folder of the index; None for one in the person's cache folder, one for every folder and model.

        Raises:
            UserError: there is no folder, or no picture in it; the index is of another folder or model, damaged, or
                being built by another process; or the disk is full.
        """
        return open_gallery(folder, self._model, self.embed, progress, cancel, store)

    def answer(self, gallery: Gallery, query: QuerySource, k: int = 10) -> SearchAnswer:
        """As `Gallery.search`, with what is to be said beside the hits.

        Raises:
            UserError: as there.
        """
        given = read_query(query)
        hits = gallery.search(given, k)
        familiar, familiarity = (True, 1.0) if given.picture is None else self.familiarity(given.picture)
        return SearchAnswer(hits, gallery.report, self.unknown_words(given), self.notes(given), familiar, familiarity)

    def query(self, source: QuerySource) -> Query:
        """What a person's query means: the path of a picture, a picture, or words.

        Raises:
            UserError: it is empty or can't be read, or looks like a path to which there is no file.
        """
        return read_query(source)

    def embed(self, query: Query) -> np.ndarray:
        """The query as a point of the space: (dimensions,), of length 1.

        Words and a picture together are the weighted sum of their two vectors, at length 1 again.

        Raises:
            UserError: the query is empty, or its two halves cancel out.
        """
        total: np.ndarray = np.sum([share * self._vector(part) for part, share in _parts(checked(query))], axis=0)
        return (total / length_of(total)).astype(np.float32)

    def unknown_words(self, query: Query) -> list[str]:
        """The words of a query that the model does not know."""
        return self._model.read(query.text).unknown_words if query.text else []

    def notes(self, query: Query) -> list[str]:
        """Sentences on what is left aside of a query."""
        if not query.text:
            return []
        read = self._model.read(query.text)
        if not read.cut:
            return []
        end = max((place[1] for place in read.ranges if place is not None), default=0)
        words = len(query.text[:end].split())
        return [f"The query is longer than the model can read: only its first {words} words were looked for."]

    def explain(
        self,
        picture: ImageSource,
        query: QuerySource,
        method: str | None = None,
        center: np.ndarray | None = None,
    ) -> Match:
        """Why a picture is as similar to a query as it is.

        Args:
            picture: a hit's path, a PIL image or an array.
            query: as in `Gallery.search`.
            method: name of an explanation method (see `methods`); None for the one that points best.
            center: `Gallery.center` of the pictures that it competes with; None to explain the bare cosine, which
                says little about single words.

        Raises:
            UserError: the picture or the query can't be read, or there is no such method.
        """
        chosen = self._choose(method or "default", None, None)
        image, given = read_image(picture), read_query(query)
        matched = [(self._model.match(image, part), share) for part, share in _parts(given)]
        return explained(
            self._model.look(image), given, matched, center, chosen, self.info.id, self.unknown_words(given)
        )

    def probe(
        self, match: Match, part: Literal["image", "text"] = "image", word: int | None = None, removal: str = "default"
    ) -> Probe:
        """A match that can be asked for again with parts of its picture or of its query missing.

        The score is how far the picture stands above the average of those that it was compared with, `Match.score` less
        `Match.average`; for a word, its contribution.

        Args:
            match: from `explain`.
            part: "image" for the patches of the hit, "text" for the words of the query.
            word: index among `Match.words`, to score what that word meets in the picture; None for the whole query.
            removal: one of `removals` of that part, "default" for the first.

        Raises:
            UserError: the match has no words, no such word, there is no such way of removing, or the match is another
                model's.
        """
        own_result(self.info.id, match.model)
        return match_probe(self._model, match, part, word, choose_removal(self.removals, part, removal))

    def randomised(self, match: Match, word: int | None = None) -> Iterator[tuple[str, np.ndarray]]:
        """The map as the picture's tower forgets what it has learned, layer by layer from the top.

        Args:
            match: from `explain`, whose method is used again.
            word: index among `Match.words`, for its map; None for the whole query's.

        Returns:
            What was randomised last, all above it being so too, and the map (rows, cols) that the model then gives.

        Raises:
            UserError: the match is another model's.
        """
        own_result(self.info.id, match.model)
        for name, model in self._model.randomised():
            again = RetrievalTask(model).explain(match.image, match.query, match.method, match.center)
            yield name, again.map if word is None else again.words[word].map

    def center(self, pictures: Sequence[ImageSource]) -> np.ndarray:
        """(dimensions,) float32, the mean of pictures' vectors, as `Gallery.center` is for a whole gallery.

        Raises:
            UserError: there is no picture, or one of them can't be read.
        """
        mean: np.ndarray = self._pictures(pictures).mean(0)
        return mean

    def similarities(self, texts: Sequence[str], pictures: Sequence[ImageSource]) -> np.ndarray:
        """Cosine of every text with every picture: (texts, pictures), float32, −1…1.

        Raises:
            UserError: there is no text or no picture, or one of them can't be read.
        """
        return self._model.embed_texts(_cleaned(texts)) @ self._pictures(pictures).T

    def probabilities(self, cosines: np.ndarray, temperature: float | None = None) -> np.ndarray:
        """What the model makes of cosines, (texts, pictures): for each text a distribution over the pictures.

        Models trained with a sigmoid judge every pair by itself instead, so their rows don't sum to 1.

        Args:
            cosines: as from `similarities`.
            temperature: what they are divided by; None for the model's own.

        Raises:
            UserError: the temperature is not above 0.
        """
        divisor = self.temperature if temperature is None else temperature
        if not divisor > 0:
            raise UserError(f"A temperature must be above 0: {divisor} is not.")
        scaled = np.asarray(cosines, np.float64) / divisor
        if self.bias is not None:
            return 1 / (1 + np.exp(-np.clip(scaled + self.bias, -700, 700)))
        weights = np.exp(scaled - scaled.max(axis=1, keepdims=True))
        return weights / weights.sum(axis=1, keepdims=True)

    def shared_space(self, texts: Sequence[str], pictures: Sequence[ImageSource]) -> SharedSpace:
        """Texts and pictures in the plane of the space that shows most of them.

        Raises:
            UserError: there is no text or no picture, or one of them can't be read.
        """
        return shared_space(self._model.embed_texts(_cleaned(texts)), self._pictures(pictures))

    def describe(
        self, picture: ImageSource, candidates: Sequence[str] | None = None, k: int = 5
    ) -> list[tuple[str, float]]:
        """The texts that are most similar to a picture.

        Args:
            picture: a path, a PIL image or an array.
            candidates: to choose from; None for descriptions of the generated world.
            k: how many, at least 1.

        Returns:
            [(text, cosine)], best first.

        Raises:
            UserError: the picture or a candidate can't be read, there is no candidate, or k is under 1.
        """
        if k < 1:
            raise UserError(f"{k} texts can't be shown: ask for at least 1.")
        texts = list(bundled_descriptions()) if candidates is None else _cleaned(candidates)
        vectors = self._described if candidates is None else self._model.embed_texts(texts)
        cosines = vectors @ self._pictures([picture])[0]
        return [(texts[i], float(cosines[i])) for i in np.argsort(-cosines, kind="stable")[:k]]

    @cached_property
    def _described(self) -> np.ndarray:
        return self._model.embed_texts(bundled_descriptions())

    def _vector(self, part: str | Image.Image) -> np.ndarray:
        found = self._model.embed_texts([part]) if isinstance(part, str) else self._model.embed_pictures([part])
        vector: np.ndarray = found[0]
        return vector

    def _pictures(self, pictures: Sequence[ImageSource]) -> np.ndarray:
        """(pictures, dimensions)."""
        if not len(pictures):
            raise UserError("There is no picture yet: choose one and try again.")
        step = self._model.batch
        batches = ([read_image(source) for source in pictures[at : at + step]] for at in range(0, len(pictures), step))
        return np.concatenate([self._model.embed_pictures(batch) for batch in batches])


def _parts(query: Query) -> list[tuple[str | Image.Image, float]]:
    """What the query consists of, each with its share of the sum."""
    if query.picture is None:
        return [(query.text, 1.0)]
    if not query.text:
        return [(query.picture, 1.0)]
    return [(query.text, query.text_share), (query.picture, 1 - query.text_share)]


def _cleaned(texts: Sequence[str]) -> list[str]:
    """Each text as one line, those without anything to see left out."""
    found = [line for text in texts if (line := read_text(text))]
    if not found:
        raise UserError("There is no text yet: type at least one.")
    return found
