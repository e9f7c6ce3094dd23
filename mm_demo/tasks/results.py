"""What the tasks answer: plain data, ready for the page, the command line and Python."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from PIL import Image

from mm_demo.attention.trace import Trace

ImageSource = str | os.PathLike[str] | Image.Image | np.ndarray
"""What a task takes as a picture: a path, a PIL image or an array (height, width[, channels])."""


@dataclass(frozen=True)
class CaptionStep:
    """One generated token.

    Attributes:
        token: as a person would read it ("##" of word pieces removed).
        continues: True where the token continues the word before it (no space between).
        probability: of the token given all before it, 0…1.
        runners_up: [(token, probability)] of the next best, best first.
        map: (rows, cols), non-negative, sums to 1: where the token looked.
    """

    index: int
    token: str
    continues: bool
    probability: float
    runners_up: list[tuple[str, float]]
    map: np.ndarray


@dataclass(frozen=True)
class TokenRelevance:
    """One token of what the person typed.

    Attributes:
        token: the characters `text[start:end]` it stands for.
        relevance: signed, in [-1, 1]; positive supports the answer; the largest magnitude is 1 (or all are 0).
        map: (rows, cols), sums to 1: where this token looked.
        known: False where the checkpoint's vocabulary has no such word.
    """

    token: str
    start: int
    end: int
    relevance: float
    map: np.ndarray
    known: bool = True


@dataclass
class CaptionResult:
    """`answer` is the caption. `image` is the picture as the model was given it, upright, RGB.

    Attributes:
        model: id of the one that wrote it.
        token_ids: the vocabulary's ids of `tokens`, from which the same caption can be explained again.
    """

    answer: str
    candidates: list[tuple[str, float]]
    tokens: list[CaptionStep]
    familiar: bool
    familiarity: float
    trace: Trace
    image: Image.Image
    method: str
    model: str
    token_ids: list[int] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """The command line's object (DESIGN contract): caption, tokens, familiar."""
        return {
            "caption": self.answer,
            "tokens": [
                {"token": s.token, "probability": s.probability, "map": np.asarray(s.map).tolist()} for s in self.tokens
            ],
            "familiar": self.familiar,
            "familiarity": self.familiarity,
        }


@dataclass
class VqaResult:
    """`candidates` are whole answers with their probabilities, best first, summing to at most 1.

    Attributes:
        modality_shares: {"image": s, "text": 1 - s}, how much of the answer each modality carries.
        image_map: (rows, cols), sums to 1: where the answer came from.
        model: id of the one that answered.
        unknown_words: words of the question that the checkpoint's vocabulary does not hold.
        spellings: the vocabulary's ids of the first answer, from which it can be asked again; usually one spelling.
    """

    answer: str
    candidates: list[tuple[str, float]]
    question: str
    question_tokens: list[TokenRelevance]
    image_map: np.ndarray
    modality_shares: dict[str, float]
    familiar: bool
    familiarity: float
    trace: Trace
    image: Image.Image
    method: str
    model: str
    unknown_words: list[str] = field(default_factory=list)
    spellings: list[tuple[int, ...]] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """The command line's object (DESIGN contract)."""
        return {
            "answer": self.answer,
            "candidates": [{"answer": a, "probability": p} for a, p in self.candidates],
            "modality_shares": self.modality_shares,
            "question_tokens": [{"token": t.token, "relevance": t.relevance} for t in self.question_tokens],
            "image_map": np.asarray(self.image_map).tolist(),
            "familiar": self.familiar,
            "familiarity": self.familiarity,
            "unknown_words": self.unknown_words,
        }
