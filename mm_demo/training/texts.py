"""The vocabulary of the picture world as an ordinary BERT WordPiece tokenizer, and batches of packed texts."""

from __future__ import annotations

import string
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

import numpy as np
import torch
from torch import Tensor
from transformers import BertTokenizerFast, BlipImageProcessor, BlipProcessor

from mm_demo.scenes import make_scene
from mm_demo.scenes.captions import STYLES, caption_of
from mm_demo.scenes.questions import questions_of
from mm_demo.scenes.wording import AFTER, BEFORE
from mm_demo.scenes.words import COLOR_WORDS, COUNT_WORDS, KIND_WORDS, STRANGERS, plural

SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "[DEC]")
_HEARD_IN = 400
"""Scenes whose questions and captions are listened to for words; every word of every template is met many times."""


def vocabulary() -> list[str]:
    """Special tokens, letters (so that a misspelt word is spelt out rather than lost), and the world's words."""
    rng = Random(0)
    words: set[str] = set(" ".join((*COUNT_WORDS, *STRANGERS, *map(plural, STRANGERS))).split())
    for names in (*KIND_WORDS.values(), *COLOR_WORDS.values()):
        words.update(" ".join((*names, *map(plural, names))).split())
    for seed in range(_HEARD_IN):
        objects = make_scene(seed, split="train").objects
        for question in questions_of(objects, rng, 40):
            words.update(question.text.split(), question.answer.split())
        for style in STYLES:
            words.update(caption_of(objects, rng, style).split())
    words.update(" ".join((*BEFORE, *AFTER)).split())
    letters = string.ascii_lowercase + string.digits
    pieces = [*letters, *(f"##{c}" for c in letters), *"?.,:;!'-"]
    return [*SPECIAL, *pieces, *sorted(words - set(pieces))]


def make_processor(folder: Path, side: int, mean: float, std: float) -> BlipProcessor:
    """An ordinary BLIP processor for the world's pictures and words; its vocabulary file is written to `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    vocab = folder / "vocab.txt"
    vocab.write_text("\n".join(vocabulary()) + "\n", encoding="utf-8")
    tokenizer = BertTokenizerFast(vocab=str(vocab), do_lower_case=True, bos_token="[DEC]", model_max_length=64)
    size = {"height": side, "width": side}
    return BlipProcessor(BlipImageProcessor(size=size, image_mean=[mean] * 3, image_std=[std] * 3), tokenizer)


@dataclass(frozen=True)
class Packed:
    """Several short texts in one row, so that the picture's keys and values are computed once for all of them.

    Attributes:
        ids: (rows, length) token ids, 0 where there is none.
        positions: (rows, length) place of the token in its own text.
        owner: (rows, length) which text the token belongs to, -1 where there is none.
        tokens_at: (rows * texts, longest) index into the flattened rows of each text's tokens; 0 where it has ended.
        mask: (rows * texts, longest) 1 where `tokens_at` is a token.
    """

    ids: Tensor
    positions: Tensor
    owner: Tensor
    tokens_at: Tensor
    mask: Tensor


def pack(texts: Sequence[Sequence[Sequence[int]]]) -> Packed:
    """`texts[row][i]`: token ids; every row has as many texts."""
    rows, length = len(texts), max(sum(map(len, row)) for row in texts)
    longest = max(len(text) for row in texts for text in row)
    ids, positions = np.zeros((rows, length), int), np.zeros((rows, length), int)
    owner = np.full((rows, length), -1)
    tokens_at = np.zeros((rows * len(texts[0]), longest), int)
    mask = np.zeros_like(tokens_at)
    for r, row in enumerate(texts):
        at = 0
        for t, text in enumerate(row):
            n, k = len(text), r * len(row) + t
            ids[r, at : at + n], positions[r, at : at + n], owner[r, at : at + n] = text, range(n), t
            tokens_at[k, :n], mask[k, :n] = range(r * length + at, r * length + at + n), 1
            at += n
    return Packed(*(torch.from_numpy(a) for a in (ids, positions, owner, tokens_at, mask)))


def padded(texts: Sequence[Sequence[int]]) -> Tensor:
    """(texts, longest) token ids, 0 behind the end."""
    longest = max(map(len, texts))
    return torch.tensor([[*text, *[0] * (longest - len(text))] for text in texts])
