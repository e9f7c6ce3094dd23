"""What CLIP and SigLIP share: two towers into one space, and why a picture is as similar to a query as it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from copy import copy, deepcopy
from typing import ClassVar, Self

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from mm_demo.attention.recorder import to_records
from mm_demo.attention.trace import Trace
from mm_demo.models.clip.text import WORD_REMOVALS, TextTower
from mm_demo.models.clip.vision import VisionTower
from mm_demo.models.clip.word_matches import WordMatches
from mm_demo.models.clip.words import QueryWord, without, words_of
from mm_demo.models.family import Matched, ModelInfo, WordMatch
from mm_demo.models.gradients import differentiable
from mm_demo.models.randomised import randomise
from mm_demo.models.recent import RecentPictures
from mm_demo.models.removal import WAYS
from mm_demo.models.tokens import ReadText

_SEED = 0
"""Of the values that layers are randomised with."""


class DualEncoder:
    """Pictures and texts as vectors of one space.

    A word's part of the query's vector is what the vector loses when the word is left out; what a score owes to the
    word is that part's inner product with the picture's vector.

    Args:
        info: what to say about it.
        vision: the picture's tower.
        text: the text's tower.
        revision: of the weights and of how pictures are prepared.
        dimensions: of the shared space.
        scale: factor on cosines before a softmax or a sigmoid.
        bias: added to scaled cosines before a sigmoid; None for models trained with a softmax.
    """

    family: ClassVar[str]
    patch_removals: tuple[str, ...] = WAYS
    word_removals: tuple[str, ...] = WORD_REMOVALS

    def __init__(
        self,
        info: ModelInfo,
        vision: VisionTower,
        text: TextTower,
        *,
        revision: str,
        dimensions: int,
        scale: float,
        bias: float | None,
    ) -> None:
        self.info = info
        self.model = info.id
        self.revision = revision
        self.dimensions = dimensions
        self.scale = scale
        self.bias = bias
        self.batch = 16 if info.device == "cpu" else 64
        self._vision, self._text = vision, text
        self.look = RecentPictures(vision.look)

    def read(self, text: str) -> ReadText:
        """The tokens it sees of a text: unknown words, and whether the end was cut off."""
        return self._text.read(text)

    def embed_pictures(self, pictures: Sequence[Image.Image]) -> np.ndarray:
        """(pictures, dimensions) float32, each row of length 1."""
        rows = np.empty((len(pictures), self.dimensions), np.float32)
        for start in range(0, len(pictures), self.batch):
            part = slice(start, start + self.batch)
            rows[part] = self._vision.embed_quickly(pictures[part]).cpu().numpy()
        return rows

    def embed_texts(self, texts: Sequence[str]) -> np.ndarray:
        """(texts, dimensions) float32, each row of length 1."""
        return self._embed_ids([self.read(text).ids for text in texts]).cpu().numpy()

    def match(self, image: Image.Image, query: str | Image.Image) -> Matched:
        """Why a picture is as similar to a query as it is.

        One differentiable pass through either tower; for words, the texts without each of them in one batch beside.

        Args:
            image: upright, RGB.
            query: a text, of which as much counts as the model reads, or another picture.
        """
        seen = self._vision.trace(image, "image", "pool")
        words: Sequence[WordMatch] = []
        if isinstance(query, str):
            read = self.read(query)
            asked = self._text.trace(query, read, "query")
            found = words_of(query, read)
            words = WordMatches(found, self._parts(read.ids, found), seen)
        else:
            asked = self._vision.trace(query, "query", "query pool")
        with differentiable():
            cosine = seen.vector @ asked.vector
        return Matched(
            similarity=float(cosine.detach()),
            vector=asked.vector.detach().cpu().numpy(),
            words=words,
            trace=Trace(seen.segments | asked.segments, to_records([*seen.taken, *asked.taken], cosine)),
            image_element=seen.element,
            query_element=asked.element,
        )

    def picture_variants(self, image: Image.Image, removal: str) -> Callable[[np.ndarray], np.ndarray]:
        """A picture's vector with patches of it missing: from (n, patches) bool to (n, dimensions)."""
        return self._batched(self._vision.variants(image, removal))

    def text_variants(self, text: str, removal: str) -> Callable[[np.ndarray], np.ndarray]:
        """A text's vector with words of it missing: from (n, words) bool to (n, dimensions)."""
        read = self.read(text)
        return self._batched(self._text.variants(read, words_of(text, read), removal))

    def randomised(self) -> Iterator[tuple[str, Self]]:
        """Copies with ever more of the picture's tower randomised, top to bottom: what was randomised last, and a copy.

        Each copy is good until the next is asked for.
        """
        changed = copy(self)
        changed._vision = deepcopy(self._vision)
        generator = torch.Generator().manual_seed(_SEED)
        for name, block in reversed(changed._vision.blocks()):
            randomise([block], generator)
            changed.look = RecentPictures(changed._vision.look)  # The last ones were seen by other eyes.
            yield name, changed

    def _batched(self, vectors: Callable[[np.ndarray], Tensor]) -> Callable[[np.ndarray], np.ndarray]:
        def found(kept: np.ndarray) -> np.ndarray:
            rows = np.empty((len(kept), self.dimensions), np.float32)
            with torch.inference_mode():
                for start in range(0, len(kept), self.batch):
                    part = slice(start, start + self.batch)
                    rows[part] = vectors(kept[part]).cpu().numpy()
            return rows

        return found

    def _parts(self, ids: list[int], words: list[QueryWord]) -> Tensor:
        """(words, dimensions): each word's part of the text's vector."""
        vectors = self._embed_ids([ids, *(without(ids, word) for word in words)])
        return vectors[:1] - vectors[1:]

    def _embed_ids(self, texts: list[list[int]]) -> Tensor:
        rows = [torch.empty(0, self.dimensions)]
        with torch.no_grad():
            rows += [self._text.embed(texts[i : i + self.batch]) for i in range(0, len(texts), self.batch)]
        return torch.cat(rows)
