"""Questions as ViLT's text embedding takes them."""

from __future__ import annotations

from transformers import ViltConfig, ViltProcessor

from mm_demo.models.tokens import ReadText, TokenReader, check_vocabulary, whole


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
        check_vocabulary(tokenizer, config.vocab_size)
        self._reader = TokenReader(tokenizer)
        self._longest: int = config.max_position_embeddings
        stand_ins = {"mask": tokenizer.mask_token_id, "pad": tokenizer.pad_token_id}
        self.stand_ins: dict[str, int] = {way: i for way, i in stand_ins.items() if i is not None}

    def read(self, question: str) -> ReadText:
        """The tokens of a question with [CLS] and [SEP] around it.

        Raises:
            UserError: more tokens than the model has positions for.
        """
        return whole(self._reader.read(question), self._longest)
