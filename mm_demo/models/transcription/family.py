"""What the app asks of whatever writes speech down."""

from __future__ import annotations

from typing import Protocol

import numpy as np


class Transcriber(Protocol):
    """Writes down what was said; several threads may ask at once.

    Attributes:
        name: who wrote it, for people, e.g. "pocketsphinx (English)".
    """

    name: str

    def transcribe(self, samples: np.ndarray) -> str:
        """The words, in lower or mixed case as the model writes; "" where none were heard.

        Args:
            samples: (n,) float32, mono at 16 kHz, −1…1.

        Raises:
            UserError: it took too long or failed.
        """
        ...
