"""What CLIP and SigLIP share: two towers into one space, and why a picture is as similar to a query as it is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from mm_demo.attention.recorder import to_records
from mm_demo.attention.trace import Trace
from mm_demo.models.clip.text import TextTower
from mm_demo.models.clip.vision import VisionTower
from mm_demo.models.clip.word_matches import WordMatches
from mm_demo.models.clip.words import QueryWord, without, words_of
from mm_demo.models.family import Matched, ModelInfo, WordMatch
from mm_demo.models.gradients import differentiable
from mm_demo.models.recent import RecentPictures
from mm_demo.models.tokens import ReadText


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
            words=words,
            trace=Trace(seen.segments | asked.segments, to_records([*seen.taken, *asked.taken], cosine)),
            image_element=seen.element,
            query_element=asked.element,
        )

    def _parts(self, ids: list[int], words: list[QueryWord]) -> Tensor:
        """(words, dimensions): each word's part of the text's vector."""
        vectors = self._embed_ids([ids, *(without(ids, word) for word in words)])
        return vectors[:1] - vectors[1:]

    def _embed_ids(self, texts: list[list[int]]) -> Tensor:
        rows = [torch.empty(0, self.dimensions)]
        with torch.no_grad():
            rows += [self._text.embed(texts[i : i + self.batch]) for i in range(0, len(texts), self.batch)]
        return torch.cat(rows)
