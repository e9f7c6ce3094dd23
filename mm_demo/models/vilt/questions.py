"""Questions as ViLT's text embedding takes them."""

from __future__ import annotations

from transformers import ViltConfig, ViltProcessor

from mm_demo.errors import UserError
from mm_demo.models.tokens import ReadText, TokenReader


class ViltQuestions:
    """Questions to ids; safe to share between threads.

    Attributes:
        stand_ins: name of a way to remove a token → id that takes its place; the one to prefer first.

    Args:
        processor: the one saved with the model.
        config: the model's.

    Raises:
        UserError: the tokenizer holds ids that the model does not.
    """

    def __init__(self, processor: ViltProcessor, config: ViltConfig) -> None:
        tokenizer = processor.tokenizer
        if len(tokenizer) > config.vocab_size:
            raise UserError(
                f"This checkpoint is damaged: its tokenizer knows {len(tokenizer)} tokens, "
                f"its model {config.vocab_size}; get it again."
            )
        self._reader = TokenReader(tokenizer)
        self._longest: int = config.max_position_embeddings
        stand_ins = {"mask": tokenizer.mask_token_id, "pad": tokenizer.pad_token_id}
        self.stand_ins: dict[str, int] = {way: i for way, i in stand_ins.items() if i is not None}

    def read(self, question: str) -> ReadText:
        """The tokens of a question with [CLS] and [SEP] around it.

        Raises:
            UserError: more tokens than the model has positions for.
        """
        read = self._reader.read(question)
        if len(read.ids) > self._longest:
            raise UserError(
                f"The question is too long for this model: {len(read.ids)} word pieces, at most {self._longest}."
            )
        return read
