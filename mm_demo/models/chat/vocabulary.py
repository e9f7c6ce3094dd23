"""Text to a chat model's ids and back, safe to share between threads."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from copy import deepcopy
from dataclasses import replace
from typing import Any

from transformers import GenerationConfig

from mm_demo.models.tokens import ReadText, TokenReader, check_vocabulary

_STAND_IN = "_"

UNDERSCORE = "underscore"
"""The way in which a word is taken away by an underscore for each of its tokens, as in a gap to be filled in: these
models have no mask token, and what they use for padding ends a turn."""


class ChatVocabulary:
    """A chat model's tokens.

    What a person types is text, also where it spells a special token: in a prompt those end turns and stand for
    pictures. The prompt's own special tokens are read by `prompt`.

    Attributes:
        ends: ids that end what the model writes.
        stand_in: id of an underscore.

    Args:
        tokenizer: the one saved with the model; it stays as it is.
        generation: how the checkpoint wants to write.
        size: of the model's vocabulary.

    Raises:
        UserError: the tokenizer holds ids that the model does not.
    """

    def __init__(self, tokenizer: Any, generation: GenerationConfig, size: int) -> None:
        check_vocabulary(tokenizer, size)
        self._tokenizer = deepcopy(tokenizer)
        self._encoder = self._tokenizer.backend_tokenizer
        self._encoder.no_padding()
        self._encoder.no_truncation()
        self._encoder.encode_special_tokens = False
        typed = deepcopy(self._tokenizer)
        # It adds the tokens around a prompt, in the midst of which what is typed stands.
        typed.backend_tokenizer.post_processor = None
        self._reader = TokenReader(typed)
        ends = generation.eos_token_id if generation.eos_token_id is not None else tokenizer.eos_token_id
        self.ends: tuple[int, ...] = tuple(ends) if isinstance(ends, Sequence) else (ends,)
        self.stand_in: int = self.typed(_STAND_IN).ids[-1]

    def prompt(self, text: str, *, first: bool) -> list[int]:
        """The ids of a part of a prompt.

        Args:
            text: with special tokens written out.
            first: whether it is the prompt's first part, before which the tokenizer may put a token of its own.
        """
        ids: list[int] = self._encoder.encode(text, add_special_tokens=first).ids
        return ids

    def typed(self, text: str) -> ReadText:
        """The tokens of what a person typed, without any around them; ranges leave out the spaces around a word."""
        read = self._reader.read(text)
        ranges = [None if place is None else _stripped(text, *place) for place in read.ranges]
        labels = [
            text[slice(*place)] if place is not None else label
            for place, label in zip(ranges, read.labels, strict=True)
        ]
        return replace(read, ranges=ranges, labels=labels)

    def piece(self, token_id: int) -> str:
        """What one token spells, the space before it included."""
        return str(self._tokenizer.decode([token_id])) or f"[{token_id}]"

    def label(self, token_id: int) -> str:
        """One token as a person reads it."""
        return self.piece(token_id).strip() or " "

    def spelt(self, ids: Sequence[int]) -> tuple[str, tuple[tuple[int, int], ...]]:
        """What tokens spell one after the other, and where in it each stands, the spaces around it left out."""
        text = ""
        places = []
        for token_id in ids:
            start = len(text)
            text += self.piece(token_id)
            places.append(_stripped(text, start, len(text)))
        return text, tuple(places)

    def decode(self, ids: Iterable[int]) -> str:
        """The text of generated ids, special tokens left out."""
        return str(self._tokenizer.decode(list(ids), skip_special_tokens=True)).strip()


def _stripped(text: str, start: int, end: int) -> tuple[int, int]:
    piece = text[start:end]
    start = end - len(piece.lstrip())
    return start, start + len(piece.strip())
