"""What a chat captioner and a chat answerer have in common: a checkpoint, what it is told, and its weights at work."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar, Self

from transformers import PreTrainedModel

from mm_demo.models.chat.conversation import Conversation, Describe, Speaker
from mm_demo.models.chat.variants import PATCH_WAYS
from mm_demo.models.familiarity import Familiarity
from mm_demo.models.family import ModelInfo
from mm_demo.models.randomised import forgetting, independent


class ChatModel:
    """A chat model that is always told the same of a picture.

    Attributes:
        instruction: what it is told: of the picture, or after what a person types.
        typed: whether a person types anything.

    Args:
        model: in evaluation mode, with frozen parameters.
        processor: the one saved with it.
        info: what to say about it.
        familiarity: not used: no such checkpoint can judge pictures.
        describe: the architecture.

    Raises:
        UserError: the parts of the checkpoint don't fit together, or it can't be instructed.
    """

    family: ClassVar[str] = "chat"
    patch_removals: tuple[str, ...] = PATCH_WAYS
    instruction: ClassVar[str]
    typed: ClassVar[bool]

    def __init__(
        self,
        model: PreTrainedModel,
        processor: Any,
        info: ModelInfo,
        familiarity: Familiarity | None = None,
        *,
        describe: Describe,
    ) -> None:
        self.info = info
        self._processor, self._describe = processor, describe
        self._speaker = Speaker(model, processor, describe, self.instruction, typed=self.typed)
        self._vocabulary = self._speaker.vocabulary
        self._use(model)

    def _use(self, model: PreTrainedModel) -> None:
        self._model = model
        self._conversation = Conversation(self._describe(model, self._processor), self._speaker)
        self._sites = self._conversation.decoder.sites()
        self.look = self._conversation.look

    def randomised(self) -> Iterator[tuple[str, Self]]:
        """Copies of the model with ever more layers randomised, top to bottom: what is randomised so far, and the copy.

        Each copy is good until the next is asked for.
        """
        model = independent(self._model)
        stages = Conversation(self._describe(model, self._processor), self._speaker).stages()
        yield from forgetting(self, stages, lambda twin: twin._use(model))
