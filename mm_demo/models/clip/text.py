"""A text tower as texts go through it: tokens, vectors, and where its attention lives."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeVar

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import normalize
from transformers import PreTrainedModel, PreTrainedTokenizerFast

from mm_demo.attention.recorder import Recorder, Site
from mm_demo.attention.trace import Segment, TextLayout
from mm_demo.errors import UserError
from mm_demo.models.clip.tracing import Traced, enter_at, entered
from mm_demo.models.clip.words import QueryWord, words_of
from mm_demo.models.tokens import ReadText, TokenReader, check_vocabulary

Element = TypeVar("Element")

WORD_REMOVALS = ("omit", "attention")
"""Words are left out, or stay in their places and nothing else may look at them."""


class TextTower:
    """The text half of a dual encoder.

    CLIP reads a text off at its end token and looks only backwards, so that padding behind it changes nothing. SigLIP
    reads it off at the last position, looks everywhere, and was trained on texts filled up to their full length.

    Args:
        model: CLIP or SigLIP, frozen, computing attention through the registry.
        tokenizer: the one saved with it.
        attention: class of the modules that attend.
        filled: True where every text is filled up to the model's length with the padding token.

    Raises:
        UserError: the tokenizer holds ids that the model does not, or can't say where in a text its tokens are.
    """

    def __init__(
        self, model: PreTrainedModel, tokenizer: PreTrainedTokenizerFast, attention: type[nn.Module], *, filled: bool
    ) -> None:
        if not tokenizer.is_fast:
            raise UserError(
                f"{type(tokenizer).__name__} can't say which characters its tokens stand for; "
                "choose a model with a fast tokenizer, such as google/siglip2-base-patch16-224."
            )
        config = model.config.text_config
        check_vocabulary(tokenizer, config.vocab_size)
        self._model, self._filled = model, filled
        self._reader = TokenReader(tokenizer)
        self._longest: int = min(config.max_position_embeddings, tokenizer.model_max_length)
        self._padding: int = tokenizer.pad_token_id if filled else tokenizer.eos_token_id
        self._padding_label = str(tokenizer.pad_token)
        self._left = filled and tokenizer.padding_side == "left"
        known: list[str] | None = getattr(model.config, "known_words", None)
        self._known = None if known is None else frozenset(known)
        self._attention = [module for module in model.text_model.modules() if isinstance(module, attention)]
        enter_at(model.text_model.embeddings)

    def read(self, text: str) -> ReadText:
        """The tokens of as much of a text as the model has positions for, without padding.

        A byte-pair vocabulary has pieces for any word: which ones the model was trained on, only a checkpoint whose
        configuration lists its `known_words` can tell.
        """
        read = self._reader.read(text, self._longest)
        if self._known is None:
            return read
        unknown = [word.word for word in words_of(text, read) if not self._knows(word.word.lower())]
        return replace(read, unknown_words=list(dict.fromkeys(unknown)))

    def _knows(self, word: str) -> bool:
        parts = [part for part in re.split(r"[-'’]", word) if len(part) > 1 or part == word]
        return self._known is None or all(part in self._known for part in parts)

    def embed(self, texts: Sequence[list[int]], hidden: Sequence[list[bool]] | None = None) -> Tensor:
        """(texts, dimensions) float32, each row of length 1.

        Args:
            texts: their ids.
            hidden: for each text the tokens that nothing may look at, where there are any.
        """
        length = self._longest if self._filled else max(map(len, texts))
        ids = torch.tensor([self._pad(ids, self._padding, length) for ids in texts], device=self._model.device)
        mask = None
        if hidden is not None:
            mask = ~torch.tensor([self._pad(row, False, length) for row in hidden], device=self._model.device)
        features: Tensor = self._model.get_text_features(input_ids=ids, attention_mask=mask).pooler_output
        return normalize(features.float(), dim=-1)

    def variants(self, read: ReadText, words: Sequence[QueryWord], removal: str) -> Callable[[np.ndarray], Tensor]:
        """From (n, words) bool, True where a word is kept, to (n, dimensions), each row of length 1.

        Args:
            read: the whole text.
            words: of it.
            removal: one of `WORD_REMOVALS`.
        """
        tokens = np.zeros((len(words), len(read.ids)), bool)
        for row, word in zip(tokens, words, strict=True):
            row[list(word.tokens)] = True
        ids = np.array(read.ids)

        def vectors(kept: np.ndarray) -> Tensor:
            gone = (~kept).astype(int) @ tokens > 0
            if removal == "attention":
                return self.embed([read.ids] * len(kept), gone.tolist())
            return self.embed([ids[~row].tolist() for row in gone])

        return vectors

    def trace(self, text: str, read: ReadText, segment: str) -> Traced:
        """Embed one text with its attention recorded and differentiable.

        Args:
            text: as typed.
            read: its tokens.
            segment: what they are to be called, with the padding that the model is given.
        """
        length = self._longest if self._filled else len(read.ids)
        labels = self._pad(read.labels, self._padding_label, length)
        places = self._pad(read.ranges, None, length)
        sites = [Site(module, layer, "self", segment, segment) for layer, module in enumerate(self._attention)]
        recorder = Recorder(sites, differentiable=True)
        with recorder.active(), entered():
            vector = self.embed([read.ids])[0]
        tokens = Segment(segment, "text", tuple(labels), TextLayout(text, tuple(places)))
        return Traced(vector, recorder.take(), {segment: tokens}, (segment, length - 1))

    def _pad(self, given: list[Element], padding: Element, length: int) -> list[Element]:
        missing = [padding] * (length - len(given))
        return [*missing, *given] if self._left else [*given, *missing]
