"""What every task on pictures has: its model, the methods it offers, and a sense of what it knows."""

from __future__ import annotations

from typing import ClassVar, Generic, TypeVar

from mm_demo.attention.methods import Method
from mm_demo.models.family import Answerer, Captioner, Matcher, ModelInfo
from mm_demo.tasks.inputs import read_image
from mm_demo.tasks.methods import MethodInfo, choose_method, offered_methods
from mm_demo.tasks.results import ImageSource

ModelT = TypeVar("ModelT", Captioner, Answerer, Matcher)


class PictureTask(Generic[ModelT]):
    """The part of a task that does not depend on what is asked of the picture.

    Args:
        model: an opened model; one task serves many threads at once.
    """

    name: ClassVar[str]

    def __init__(self, model: ModelT) -> None:
        self._model: ModelT = model
        self.methods: tuple[MethodInfo, ...] = offered_methods(self.name, model.family)

    @property
    def info(self) -> ModelInfo:
        """What is to be said of the model, as it runs now."""
        return self._model.info

    def familiarity(self, image: ImageSource) -> tuple[bool, float]:
        """Whether the picture is of the kind that the checkpoint knows, and the score in 0…1; without an answer.

        Raises:
            UserError: the picture can't be read.
        """
        picture = self._model.look(read_image(image))
        return picture.familiar, picture.familiarity

    def _choose(self, method: str, layer: int | None, head: int | None) -> Method:
        return choose_method(self.name, self._model.family, self.info, method, layer, head)
