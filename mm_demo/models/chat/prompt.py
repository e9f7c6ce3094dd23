"""The conversation in which a chat model is asked about a picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from mm_demo.errors import UserError
from mm_demo.models.chat.network import View
from mm_demo.models.chat.vocabulary import ChatVocabulary

_SLOT = "⁂SLOT⁂"


@dataclass(frozen=True)
class Prompt:
    """A prompt's ids around what a person types.

    Attributes:
        before: up to what is typed, the picture's tokens among them.
        places: where the picture's tokens stand in `before`.
        after: from there on, up to where the model begins to write.
    """

    before: tuple[int, ...]
    places: tuple[int, ...]
    after: tuple[int, ...]


class PromptBuilder:
    """Builds prompts by a checkpoint's own chat template.

    What is typed never goes through the template: it could spell a picture or the end of a turn.

    Args:
        processor: the one saved with the model.
        vocabulary: of the model.
        image_token: id of one of the picture's tokens.
        instruction: what the person is made to say: of the picture, or after what they typed.
        typed: whether they type anything.

    Raises:
        UserError: the checkpoint has no chat template, or one without a place for a picture.
    """

    def __init__(
        self, processor: Any, vocabulary: ChatVocabulary, image_token: int, instruction: str, *, typed: bool
    ) -> None:
        self._vocabulary, self._image_token = vocabulary, image_token
        said = f"{_SLOT} {instruction}" if typed else instruction
        content = [{"type": "image"}, {"type": "text", "text": said}]
        try:
            rendered = processor.apply_chat_template([{"role": "user", "content": content}], add_generation_prompt=True)
        except ValueError as error:
            raise UserError("it has no chat template; choose a model that is tuned to instructions.") from error
        if rendered.count(processor.image_token) != 1 or rendered.count(_SLOT) != typed or instruction not in rendered:
            raise UserError("its chat template has no place for a picture and a question; choose another model.")
        self._head, _, rest = rendered.partition(processor.image_token)
        self._middle, self._tail = rest, ""
        if typed:
            self._middle, _, self._tail = rest.partition(_SLOT)

    def build(self, view: View) -> Prompt:
        """The prompt about a picture that is seen like that."""
        ids = self._vocabulary.prompt(self._head + view.text + self._middle, first=True)
        # What the model writes first follows the last token: even where nothing is typed, that one is not before it.
        after = self._vocabulary.prompt(self._tail, first=False) if self._tail else [ids.pop()]
        places = tuple(i for i, token in enumerate(ids) if token == self._image_token)
        return Prompt(tuple(ids), places, tuple(after))
