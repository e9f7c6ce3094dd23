"""What a person typed, as the tokens a model reads: safe to share between threads."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby

from tokenizers import Encoding
from transformers import PreTrainedTokenizerBase, PreTrainedTokenizerFast

from mm_demo.errors import UserError


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
        kept = list(range(len(encoding)))
        cut = longest is not None and len(kept) > longest
        if longest is not None and cut:
            kept = [*kept[: longest - 1], kept[-1]]
        pieces = _pieces(encoding, kept)
        return ReadText(
            ids=[piece.id for piece in pieces],
            labels=[piece.label(text) for piece in pieces],
            ranges=[piece.place(text) for piece in pieces],
            unknown_words=self._unknown_words(text, pieces),
            cut=cut,
        )

    def _unknown_words(self, text: str, pieces: list[_Piece]) -> list[str]:
        found = []
        for _, group in groupby((piece for piece in pieces if piece.word is not None), key=lambda piece: piece.word):
            word = list(group)
            spelt = self._spells and len(word) > 1 and all(len(p.token.removeprefix("##")) == 1 for p in word)
            if spelt or any(piece.id == self._unknown for piece in word):
                found.append(text[word[0].start : word[-1].end])
        return list(dict.fromkeys(found))


def whole(question: ReadText, longest: int) -> ReadText:
    """A question, which is read whole or not at all.

    Raises:
        UserError: it has more tokens than `longest`.
    """
    if len(question.ids) > longest:
        raise UserError(f"The question is too long for this model: {len(question.ids)} word pieces, at most {longest}.")
    return question


def check_vocabulary(tokenizer: PreTrainedTokenizerBase, size: int) -> None:
    """Make sure that a tokenizer fits the model that it was saved with.

    Args:
        tokenizer: the one saved with the model.
        size: of the model's vocabulary.

    Raises:
        UserError: the tokenizer holds ids that the model does not.
    """
    if len(tokenizer) > size:
        raise UserError(
            f"This checkpoint is damaged: its tokenizer knows {len(tokenizer)} tokens, its model {size}; get it again."
        )


@dataclass(frozen=True)
class _Piece:
    id: int
    token: str
    start: int
    end: int
    special: bool
    word: int | None

    def place(self, text: str) -> tuple[int, int] | None:
        # A byte-level tokenizer has tokens for spaces, where there is nothing to point at.
        return None if self.special or not text[self.start : self.end].strip() else (self.start, self.end)

    def label(self, text: str) -> str:
        if self.special:
            return self.token
        return text[self.start : self.end] if self.place(text) else " "


def _pieces(encoding: Encoding, kept: list[int]) -> list[_Piece]:
    # Every attribute of an encoding makes its whole list anew: each is read once.
    ids, tokens, offsets = encoding.ids, encoding.tokens, encoding.offsets
    special, words = encoding.special_tokens_mask, encoding.word_ids
    return [_Piece(ids[i], tokens[i], *offsets[i], bool(special[i]), words[i]) for i in kept]
