"""What the tasks ask of a model family; each family's own module is the only place that knows its inner names."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar, Protocol, Self

import numpy as np
from PIL import Image
from torch import Tensor

from mm_demo.attention.trace import Trace
from mm_demo.models.catalog import Tier
from mm_demo.models.tokens import ReadText


@dataclass(frozen=True)
class ModelInfo:
    """What the page says about an opened model.

    Attributes:
        size_bytes: of its files.
        layers, heads: what the pickers choose from.
        memory_bytes: what its weights take now.
        note: a sentence on why it does not run where it runs best, "" where it does.
    """

    id: str
    title: str
    tier: Tier
    device: str
    dtype: str
    size_bytes: int
    parameters: int
    layers: int
    heads: int
    memory_bytes: int = 0
    note: str = ""


@dataclass(frozen=True)
class Picture:
    """A picture that a model has looked at.

    Attributes:
        image: what the person gave, upright, RGB.
        states: (1, elements, dim), the vision encoder's output.
        familiarity: 0…1, how much it is of the kind that the checkpoint knows; 1 for models that can't tell.
        familiar: whether that is enough.
    """

    image: Image.Image
    states: Tensor
    familiarity: float
    familiar: bool


@dataclass(frozen=True)
class Written:
    """One generated token: its id, how a person reads it, and how sure the model was (see `CaptionStep`)."""

    id: int
    token: str
    continues: bool
    probability: float
    runners_up: list[tuple[str, float]]


@dataclass(frozen=True)
class Answered:
    """A ranked list of whole answers, and the trace of the first one.

    Attributes:
        candidates: [(answer, probability)], best first, summing to at most 1.
        spellings: the token ids of the first answer, without its end, the likeliest first: texts that read alike are
            one answer, whose probability is the sum over its spellings.
        unknown_words: words of the question that the vocabulary does not hold whole.
        trace: segments "image", "question" and "answer"; the records carry gradients of the answer's log-odds.
    """

    candidates: list[tuple[str, float]]
    spellings: list[tuple[int, ...]]
    unknown_words: list[str]
    trace: Trace


@dataclass(frozen=True)
class WordMatch:
    """What one word of a query brings to its similarity with a picture, and what in the picture it meets.

    Attributes:
        word: as typed.
        place: (start, end) of its characters in the query.
        part: (dimensions,) float32, the word's part of the query's vector.
        contribution: what the cosine of query and picture owes to the word, the part's inner product with the
            picture's vector; negative where the word lowers it.
        trace: segment "image" (and "pool" where the tower pools by attention); the records carry gradients of the
            word's contribution. `pooled` tells whose relevance is the picture's.
    """

    word: str
    place: tuple[int, int]
    part: np.ndarray
    contribution: float
    trace: Trace


@dataclass(frozen=True)
class Matched:
    """A picture beside a query.

    Attributes:
        similarity: their cosine, -1…1.
        vector: (dimensions,) float32, the query's, of length 1.
        words: of the query, in reading order; empty where the query is a picture. They are worked out as they are
            read, a bounded number at a time: read them once, from first to last, and keep maps, not traces.
        trace: segments "image" and "query" (and what pools either); the records carry gradients of the cosine.
        image_element: (segment, index) of the element that stands for the whole picture in "image"'s tower.
        query_element: likewise for the query.
    """

    similarity: float
    vector: np.ndarray
    words: Sequence[WordMatch]
    trace: Trace
    image_element: tuple[str, int]
    query_element: tuple[str, int]


AnswerVariants = Callable[[np.ndarray | None, np.ndarray | None], np.ndarray]
"""From (n, patches) and (n, tokens that stand for what was typed), both bool, True where an element is kept, None for
the whole of it (not both), to an answer's probability (n,) float64."""


@dataclass(frozen=True)
class PictureScore:
    """The log-odds of what a model said as a function of the picture that can be differentiated, in two links.

    Attributes:
        pixels: (3, height, width), the picture as the encoder takes it.
        grid: (rows, cols) of the patches, and a patch's side in pixels.
        leading: states before the first patch's.
        states: (n, 3, height, width) → (n, elements, dim), the encoder's output; the two keep their graphs in any mode.
        score: (n, elements, dim) → (n,) log-odds, with all that was said before as it was.
    """

    pixels: Tensor
    grid: tuple[tuple[int, int], int]
    leading: int
    states: Callable[[Tensor], Tensor]
    score: Callable[[Tensor], Tensor]


class Captioner(Protocol):
    """Writes a caption token by token. The trace's segments are "image" and "caption".

    Attributes:
        patch_removals: the ways in which patches can be taken away, the default first.
    """

    family: ClassVar[str]
    info: ModelInfo
    patch_removals: tuple[str, ...]

    def look(self, image: Image.Image) -> Picture:
        """Encode a picture, or take it from the last ones."""
        ...

    def write(self, picture: Picture) -> Iterator[tuple[Written, Trace]]:
        """Each token as soon as it is made, with the trace of all up to it."""
        ...

    def text(self, ids: Iterable[int]) -> str:
        """The caption that these tokens spell."""
        ...

    def gradient_traces(self, picture: Picture, ids: list[int], indices: Iterable[int]) -> Iterator[Trace]:
        """For each index the trace of the caption with the gradient of that token's log-odds."""
        ...

    def picture_score(self, picture: Picture, ids: list[int]) -> PictureScore:
        """The last token's log-odds given those before it, as a function of the picture."""
        ...

    def variants(self, picture: Picture, ids: list[int], last: int, removal: str) -> Callable[[np.ndarray], np.ndarray]:
        """How probable a caption is of the picture with parts missing.

        Args:
            picture: whole.
            ids: of the caption, or of its beginning.
            last: how many tokens at its end are asked for, each given all tokens before it.
            removal: one of `patch_removals`.

        Returns:
            From (n, patches) bool, True where a patch is kept, to (n, last) float64 probabilities.
        """
        ...

    def randomised(self) -> Iterator[tuple[str, Self]]:
        """Copies of the model with ever more layers randomised, top to bottom: what is randomised so far, and the copy.

        Each copy is good until the next is asked for.
        """
        ...


class Answerer(Protocol):
    """Answers questions about a picture.

    Attributes:
        patch_removals: the ways in which patches can be taken away, the default first.
        word_removals: likewise for the question's tokens.
        meets: the segments of a trace in which picture and question meet.
    """

    family: ClassVar[str]
    info: ModelInfo
    patch_removals: tuple[str, ...]
    word_removals: tuple[str, ...]
    meets: ClassVar[tuple[str, ...]]

    def look(self, image: Image.Image) -> Picture:
        """Encode a picture, or take it from the last ones."""
        ...

    def answer(self, picture: Picture, question: str) -> Answered:
        """The best answers, and what the first one rests on."""
        ...

    def explain(self, picture: Picture, question: str, ids: Sequence[int]) -> Trace:
        """What a given answer rests on: as the trace of `answer`, whether or not it is the best one."""
        ...

    def picture_score(self, picture: Picture, question: str, ids: Sequence[int]) -> PictureScore:
        """An answer's log-odds, summed over its tokens, as a function of the picture."""
        ...

    def variants(
        self,
        picture: Picture,
        question: str,
        spellings: Sequence[Sequence[int]],
        patch_removal: str,
        word_removal: str,
    ) -> AnswerVariants:
        """How probable an answer is with parts of the picture and of the question missing.

        Args:
            picture: whole.
            question: whole.
            spellings: ids of the answer, as in `Answered`.
            patch_removal: one of `patch_removals`.
            word_removal: one of `word_removals`.
        """
        ...

    def randomised(self) -> Iterator[tuple[str, Self]]:
        """Copies of the model with ever more layers randomised, top to bottom: what is randomised so far, and the copy.

        Each copy is good until the next is asked for.
        """
        ...


class Matcher(Protocol):
    """Pictures and texts as vectors of one space. It is an `mm_demo.index.Embedder` too.

    Attributes:
        model: id under which an index remembers it.
        revision: of its weights and of how it prepares pictures; an index made with another is refused.
        dimensions: of the shared space.
        batch: how many pictures it likes at once.
        scale: 1 / temperature, the factor on cosines before a softmax (CLIP) or a sigmoid (SigLIP).
        bias: added to scaled cosines before a sigmoid; None for models trained with a softmax.
        patch_removals: the ways in which patches of a picture can be taken away, the default first.
        word_removals: likewise for the words of a text.
    """

    family: ClassVar[str]
    info: ModelInfo
    patch_removals: tuple[str, ...]
    word_removals: tuple[str, ...]
    model: str
    revision: str
    dimensions: int
    batch: int
    scale: float
    bias: float | None

    def look(self, image: Image.Image) -> Picture:
        """Encode a picture, or take it from the last ones; for its familiarity."""
        ...

    def read(self, text: str) -> ReadText:
        """The tokens it sees of a text: unknown words, and whether the end was cut off."""
        ...

    def embed_pictures(self, pictures: Sequence[Image.Image]) -> np.ndarray:
        """(pictures, dimensions) float32, each row of length 1."""
        ...

    def embed_texts(self, texts: Sequence[str]) -> np.ndarray:
        """(texts, dimensions) float32, each row of length 1."""
        ...

    def match(self, image: Image.Image, query: str | Image.Image) -> Matched:
        """Why a picture is as similar to a query as it is."""
        ...

    def picture_variants(self, image: Image.Image, removal: str) -> Callable[[np.ndarray], np.ndarray]:
        """A picture's vector with parts of it missing.

        Args:
            image: whole, upright, RGB.
            removal: one of `patch_removals`.

        Returns:
            From (n, patches) bool, True where a patch is kept, to (n, dimensions) float32, each row of length 1.
        """
        ...

    def text_variants(self, text: str, removal: str) -> Callable[[np.ndarray], np.ndarray]:
        """A text's vector with words of it missing.

        Args:
            text: whole.
            removal: one of `word_removals`.

        Returns:
            From (n, words of its `Matched`) bool, True where a word is kept, to (n, dimensions) float32, each row of
            length 1.
        """
        ...

    def randomised(self) -> Iterator[tuple[str, Self]]:
        """Copies of the model with ever more of the picture's tower randomised, top to bottom.

        Each time what was randomised last, and a copy; it is good until the next is asked for.
        """
        ...
