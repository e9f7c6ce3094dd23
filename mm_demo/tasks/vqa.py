"""A picture and a question in, ranked answers out, with the words and regions that made the first one."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from mm_demo.attention.methods import Method
from mm_demo.attention.shares import modality_shares
from mm_demo.attention.trace import TextLayout
from mm_demo.models.family import Answerer
from mm_demo.tasks.inputs import read_image, read_question
from mm_demo.tasks.maps import image_map, signed_relevance
from mm_demo.tasks.methods import MethodInfo, choose_method, offered_methods
from mm_demo.tasks.results import ImageSource, TokenRelevance, VqaResult


class VqaTask:
    """Answers questions about pictures. One task serves many threads at once.

    Args:
        model: an opened answerer.
    """

    name = "vqa"

    def __init__(self, model: Answerer) -> None:
        self._model = model
        self.info = model.info
        self.methods: tuple[MethodInfo, ...] = offered_methods(self.name, model.family)

    def __call__(
        self,
        image: ImageSource,
        question: str,
        method: str = "default",
        layer: int | None = None,
        head: int | None = None,
    ) -> VqaResult:
        """The ranked answers, and the first one explained.

        Args:
            image: a path, a PIL image or an array (height, width[, channels]).
            question: at most 500 characters.
            method: name of an explanation method, "default" for the one that points best.
            layer: only this layer, where the method lets you choose.
            head: only this head, likewise.

        Raises:
            UserError: the picture or the question can't be read, or there is no such method, layer or head.
        """
        chosen = self._choose(method, layer, head)
        asked = read_question(question)
        picture = self._model.look(read_image(image))
        answered = self._model.answer(picture, asked)
        trace = answered.trace
        shares = modality_shares(trace, "question", relevance=True)
        result = VqaResult(
            answer=answered.candidates[0][0],
            candidates=answered.candidates,
            question=asked,
            question_tokens=[],
            image_map=image_map(trace.segments["image"], torch.zeros(len(trace.segments["image"]))),
            modality_shares={"image": shares["image"], "text": shares["text"]},
            familiar=picture.familiar,
            familiarity=picture.familiarity,
            trace=trace,
            image=picture.image,
            method=chosen.name,
            unknown_words=answered.unknown_words,
        )
        return _explained(result, chosen, layer, head)

    def explain(self, result: VqaResult, method: str, layer: int | None = None, head: int | None = None) -> VqaResult:
        """The same answers with the maps and word weights of another method; the model does not run again.

        Raises:
            UserError: there is no such method, layer or head.
        """
        return _explained(result, self._choose(method, layer, head), layer, head)

    def _choose(self, method: str, layer: int | None, head: int | None) -> Method:
        return choose_method(self.name, self._model.family, self.info, method, layer, head)


def _explained(result: VqaResult, method: Method, layer: int | None, head: int | None) -> VqaResult:
    trace = result.trace
    image, question = trace.segments["image"], trace.segments["question"]
    if not isinstance(question.layout, TextLayout):
        raise TypeError("the question's segment is no text")
    answer = _summed([method(trace, "answer", i, layer, head) for i in range(len(trace.segments["answer"]))])
    words = [(i, place) for i, place in enumerate(question.layout.offsets) if place is not None]
    relevance = signed_relevance([float(answer["question"][i]) for i, _ in words])
    tokens = [
        TokenRelevance(
            token=result.question[start:end],
            start=start,
            end=end,
            relevance=value,
            map=image_map(image, method(trace, "question", i, layer, head)["image"]),
            known=result.question[start:end] not in result.unknown_words,
        )
        for (i, (start, end)), value in zip(words, relevance, strict=True)
    ]
    return replace(result, question_tokens=tokens, image_map=image_map(image, answer["image"]), method=method.name)


def _summed(parts: list[dict[str, Tensor]]) -> dict[str, Tensor]:
    return {name: torch.stack([part[name] for part in parts]).sum(0) for name in parts[0]}
