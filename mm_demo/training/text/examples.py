"""What the classifier is shown: both collections' sentences, the linear models' opinion of them, and damaged ones."""

from __future__ import annotations

import string
from collections.abc import Sequence
from dataclasses import dataclass, replace
from random import Random

import numpy as np
import torch
from transformers import BertTokenizerFast

from mm_demo.training.loop import Batch
from mm_demo.training.sentences import NEGATIVE, POSITIVE, SENTIMENTS, Sentence
from mm_demo.training.text.packing import pack
from mm_demo.training.text.teacher import PolarityTeacher, polarity_out_of_fold, sentiment_out_of_fold

EMOTIONS = tuple(sorted(POSITIVE | NEGATIVE))
_HARD = 0.6
"""Weight of the label beside the linear model's opinion."""
_POLARITY_ROUNDS = 4
"""Times that a sentence of rt_polarity comes round while one of GoEmotions comes round once."""
_CROPS = 4
"""Pieces cut from every sentence of rt_polarity, of which only the linear model has an opinion."""
_DAMAGED = 0.08
"""Damaged texts for each sound one."""
_DROPPED = 0.1


@dataclass(frozen=True)
class Example:
    """One text with what the classifier should make of it.

    Attributes:
        text: as the tokenizer gets it.
        target: probabilities of negative, neutral and positive; where `polar`, neutral is 0 and says nothing.
        polar: only the choice between negative and positive is known.
        weight: of its loss; evens out the three sentiments.
        emotions: which of `EMOTIONS` it has; None where that is unknown.
    """

    text: str
    target: tuple[float, float, float]
    polar: bool
    weight: float = 1.0
    emotions: tuple[str, ...] | None = None


def build(emotional: Sequence[Sentence], polar: Sequence[Sentence], seed: int) -> list[Example]:
    """All the examples of a training, from GoEmotions' and rt_polarity's training sentences."""
    rng = Random(seed)
    known = _emotional(emotional, seed)
    reviews = _polar(polar, seed)
    damaged = [damage(rng.choice(known), rng) for _ in range(int(_DAMAGED * len(known)))]
    return [*known, *reviews * _POLARITY_ROUNDS, *_crops(polar, rng), *damaged]


def damage(example: Example, rng: Random) -> Example:
    """Some or all words made unreadable, or the text emptied; what is left to know shrinks with the words left.

    So that an unreadable text gives an undecided answer, which a fusion with another modality can see.
    """
    words = example.text.split()
    share = rng.choice((0.5, 0.75, 1.0, 1.0))
    lost = [rng.random() < share for _ in words]
    left = 1 - sum(lost) / len(words)
    kind = rng.random()
    if kind < 0.2:
        words, left = [], 0.0
    elif kind < 0.4:
        words = [word for word, gone in zip(words, lost, strict=True) if not gone]
    else:
        words = [_garble(word, rng) if gone else word for word, gone in zip(words, lost, strict=True)]
    negative, neutral, positive = (left * p + (1 - left) / 3 for p in example.target)
    return replace(example, text=" ".join(words), target=(negative, neutral, positive), weight=1.0, emotions=None)


def _garble(word: str, rng: Random) -> str:
    return "".join(rng.choice(string.ascii_lowercase) for _ in word)


def _emotional(sentences: Sequence[Sentence], seed: int) -> list[Example]:
    texts = [s.text for s in sentences]
    classes = np.array([SENTIMENTS.index(s.sentiment) for s in sentences])
    opinions = sentiment_out_of_fold(texts, classes, seed)
    weights = len(classes) / (3 * np.bincount(classes, minlength=3))
    targets = _HARD * np.eye(3)[classes] + (1 - _HARD) * opinions
    return [
        Example(s.text, tuple(target), False, float(weights[c]), s.emotions)
        for s, target, c in zip(sentences, targets, classes, strict=True)
    ]


def _polar(sentences: Sequence[Sentence], seed: int) -> list[Example]:
    texts = [s.text for s in sentences]
    positive = np.array([s.sentiment == "positive" for s in sentences], int)
    opinions = 1 / (1 + np.exp(-polarity_out_of_fold(texts, positive, seed)))
    return [
        Example(text, (1 - p, 0.0, p), True)
        for text, p in zip(texts, _HARD * positive + (1 - _HARD) * opinions, strict=True)
    ]


def _crops(sentences: Sequence[Sentence], rng: Random) -> list[Example]:
    texts = [s.text for s in sentences]
    teacher = PolarityTeacher().fit(texts, np.array([s.sentiment == "positive" for s in sentences], int))
    pieces = [_crop(text.split(), rng) for text in texts for _ in range(_CROPS)]
    # Every other piece is joined to one of another sentence: words meet in company that no label covers.
    crops = [f"{piece} {rng.choice(pieces)}" if i % 2 else piece for i, piece in enumerate(pieces)]
    chances = 1 / (1 + np.exp(-teacher.logits(crops)))
    return [Example(text, (1 - p, 0.0, p), True) for text, p in zip(crops, chances, strict=True)]


def _crop(words: list[str], rng: Random) -> str:
    length = rng.randint(min(3, len(words)), max(min(3, len(words)), len(words) * 3 // 4))
    start = rng.randint(0, len(words) - length)
    return " ".join(words[start : start + length])


class Collate:
    """Makes a batch; in sound texts a word in ten is masked or left out."""

    def __init__(self, examples: Sequence[Example], tokenizer: BertTokenizerFast) -> None:
        encoded = tokenizer([e.text for e in examples], truncation=True)["input_ids"]
        self.ids = [np.array(ids) for ids in encoded]
        self.mask = tokenizer.mask_token_id
        self.targets = torch.tensor([e.target for e in examples], dtype=torch.float32)
        self.polar = torch.tensor([e.polar for e in examples])
        self.weights = torch.tensor([e.weight for e in examples], dtype=torch.float32)
        self.emotions = torch.full((len(examples), len(EMOTIONS)), torch.nan)
        for row, example in zip(self.emotions, examples, strict=True):
            if example.emotions is not None:
                row[:] = torch.tensor([name in example.emotions for name in EMOTIONS], dtype=torch.float32)

    def __call__(self, items: list[tuple[int, int]]) -> Batch:
        """`items`: [(index of the example, seed of its draw)]."""
        texts = [self._worn(self.ids[index], np.random.default_rng(draw)) for index, draw in items]
        batch = pack(texts)
        del batch["order"]
        which = torch.tensor([index for index, _ in items])
        return {
            **batch,
            "targets": self.targets[which],
            "polar": self.polar[which],
            "weights": self.weights[which],
            "emotions": self.emotions[which],
        }

    def _worn(self, ids: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        chosen = rng.random(len(ids)) < _DROPPED
        chosen[[0, -1]] = False
        return ids[~chosen] if rng.random() < 0.5 else np.where(chosen, self.mask, ids)
