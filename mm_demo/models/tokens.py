"""What a person typed, as the tokens a model reads: safe to share between threads."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby

from tokenizers import Encoding
from transformers import PreTrainedTokenizerFast


@dataclass(frozen=True)
class ReadText:
    """The tokens of a text, special ones around them included.

    Attributes:
        ids: what the model is given.
        labels: one per token, as a person would read it.
        ranges: (start, end) of each token's characters in the text; None for a token that stands for none.
        unknown_words: words that the vocabulary does not hold: lost as the unknown token, or only spelt out.
        cut: True where only the beginning of the text was read.
    """

    ids: list[int]
    labels: list[str]
    ranges: list[tuple[int, int] | None]
    unknown_words: list[str]
    cut: bool


class TokenReader:
    """Reads texts with a fast tokenizer; names of special tokens that somebody types are text like any other.

    Args:
        tokenizer: the one saved with the model. Its padding and truncation are switched off.
    """

    def __init__(self, tokenizer: PreTrainedTokenizerFast) -> None:
        # The tokenizer's own call sets padding and truncation on this shared object each time, which fails when two
        # threads do so at once; set once here, `read` only reads.
        self._encoder = tokenizer.backend_tokenizer
        self._encoder.no_padding()
        self._encoder.no_truncation()
        self._encoder.encode_special_tokens = True
        self._unknown = tokenizer.unk_token_id
        # Only WordPiece falls back on single letters for what it does not know; in the others they are ordinary pieces.
        self._spells = type(self._encoder.model).__name__ == "WordPiece"

    def read(self, text: str, longest: int | None = None) -> ReadText:
        """Tokenize a text.

        Args:
            text: anything, also nothing.
            longest: most tokens to keep: the first that fit and the closing special token; None for all.
        """
        encoding = self._encoder.encode(text)
        kept = list(range(len(encoding.ids)))
        cut = longest is not None and len(kept) > longest
        if longest is not None and cut:
            kept = [*kept[: longest - 1], kept[-1]]
        pieces = [_piece(text, encoding, i) for i in kept]
        return ReadText(
            ids=[encoding.ids[i] for i in kept],
            labels=[label for label, _ in pieces],
            ranges=[place for _, place in pieces],
            unknown_words=self._unknown_words(text, encoding, kept),
            cut=cut,
        )

    def _unknown_words(self, text: str, encoding: Encoding, kept: list[int]) -> list[str]:
        words = encoding.word_ids
        found = []
        for _, group in groupby((i for i in kept if words[i] is not None), key=lambda i: words[i]):
            places = list(group)
            letters = all(len(encoding.tokens[i].removeprefix("##")) == 1 for i in places)
            spelt = self._spells and len(places) > 1 and letters
            if spelt or any(encoding.ids[i] == self._unknown for i in places):
                found.append(text[encoding.offsets[places[0]][0] : encoding.offsets[places[-1]][1]])
        return list(dict.fromkeys(found))


def _piece(text: str, encoding: Encoding, index: int) -> tuple[str, tuple[int, int] | None]:
    """A token's label and the range of its characters."""
    start, end = encoding.offsets[index]
    if encoding.special_tokens_mask[index]:
        return encoding.tokens[index], None
    # A byte-level tokenizer has tokens for spaces, where there is nothing to point at.
    if not text[start:end].strip():
        return " ", None
    return text[start:end], (int(start), int(end))
