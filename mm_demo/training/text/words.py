"""The text model's own WordPiece vocabulary, its sentences as token ids, and the valence of their words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from tokenizers import BertWordPieceTokenizer
from transformers import BertTokenizerFast

VOCABULARY = 8000
LONGEST = 128
"""Tokens of a text that the model reads, the two special ones included."""


@dataclass(frozen=True)
class Words:
    """One text as the model reads it; all three are (tokens,).

    Attributes:
        ids: token ids, [CLS] first and [SEP] last.
        word: which word of the text the token is a piece of; -1 for the two special tokens.
        valence: what the lexicon says of that word, -1…1, and 0 where it says nothing.
    """

    ids: np.ndarray
    word: np.ndarray
    valence: np.ndarray


def make_tokenizer(texts: Iterable[str], folder: Path) -> BertTokenizerFast:
    """Learn the vocabulary from `texts` and write it to `folder`; read back if it is already there."""
    vocabulary = folder / "vocab.txt"
    if not vocabulary.exists():
        learner = BertWordPieceTokenizer(lowercase=True)
        # Emoji and foreign letters that occur once in a while would take a hundredth of the vocabulary each.
        learner.train_from_iterator(texts, vocab_size=VOCABULARY, min_frequency=3, limit_alphabet=160)
        folder.mkdir(parents=True, exist_ok=True)
        learner.save_model(str(folder))
    return BertTokenizerFast(vocab=str(vocabulary), do_lower_case=True, model_max_length=LONGEST)


@cache
def lexicon() -> dict[str, float]:
    """VADER's words (Hutto & Gilbert, 2014; MIT licence) with their mean rating by ten people, scaled to -1…1."""
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

    return {word: rating / 4 for word, rating in SentimentIntensityAnalyzer().lexicon.items() if word.isalpha()}


def read_words(texts: Sequence[str], tokenizer: BertTokenizerFast) -> list[Words]:
    """Every text as ids, cut at `LONGEST`, with the words its tokens come from."""
    ratings = lexicon()
    encoded = tokenizer(list(texts), truncation=True, return_offsets_mapping=True)
    read = []
    for i, (text, ids) in enumerate(zip(texts, encoded["input_ids"], strict=True)):
        owners = [-1 if w is None else w for w in encoded.word_ids(i)]
        spans: dict[int, tuple[int, int]] = {}
        for owner, (start, end) in zip(owners, encoded["offset_mapping"][i], strict=True):
            spans[owner] = (min(start, spans.get(owner, (start, 0))[0]), end)
        valence = {w: ratings.get(text[start:end].lower(), 0.0) for w, (start, end) in spans.items() if w >= 0}
        read.append(Words(np.array(ids), np.array(owners), np.array([valence.get(w, 0.0) for w in owners], np.float32)))
    return read
