"""What the index asks of a model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from PIL import Image


class Embedder(Protocol):
    """Turns pictures into vectors whose inner product says how alike they are."""

    @property
    def model(self) -> str:
        """The checkpoint's id."""

    @property
    def revision(self) -> str:
        """Its exact version: vectors of two versions don't compare."""

    @property
    def dimensions(self) -> int:
        """The length of its vectors."""

    @property
    def batch(self) -> int:
        """How many pictures it likes at once."""

    def embed_pictures(self, pictures: Sequence[Image.Image]) -> np.ndarray:
        """The pictures' vectors: (pictures, dimensions), float32, each of length 1."""
