"""A picture and a question in, ranked answers out, with the words and regions that made the first one."""

from __future__ import annotations

import re
from dataclasses import replace

import torch

from mm_demo.attention.methods import Method
from mm_demo.attention.shares import modality_shares
from mm_demo.attention.trace import TextLayout
from mm_demo.models.family import Answerer
from mm_demo.tasks.inputs import read_image, read_question
from mm_demo.tasks.maps import image_map, signed_relevance
from mm_demo.tasks.picture_task import PictureTask
from mm_demo.tasks.results import ImageSource, TokenRelevance, VqaResult


class VqaTask(PictureTask[Answerer]):
    """Answers questions about pictures. One task serves many threads at once.

    Args:
        model: an opened answerer.
    """

    name = "vqa"

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


def _explained(result: VqaResult, method: Method, layer: int | None, head: int | None) -> VqaResult:
    trace = result.trace
    image, question = trace.segments["image"], trace.segments["question"]
    if not isinstance(question.layout, TextLayout):
        raise TypeError("the question's segment is no text")
    everything = slice(None)
    answer = {name: rows.sum(0) for name, rows in method.rows(trace, "answer", everything, layer, head).items()}
    looks = method.rows(trace, "question", everything, layer, head)["image"]
    words = [(i, place) for i, place in enumerate(question.layout.offsets) if place is not None]
    unknown = [m.span() for word in result.unknown_words for m in re.finditer(re.escape(word), result.question)]
    relevance = signed_relevance([float(answer["question"][i]) for i, _ in words])
    tokens = [
        TokenRelevance(
            token=result.question[start:end],
            start=start,
            end=end,
            relevance=value,
            map=image_map(image, looks[i]),
            known=not any(s <= start and end <= e for s, e in unknown),
        )
        for (i, (start, end)), value in zip(words, relevance, strict=True)
    ]
    return replace(result, question_tokens=tokens, image_map=image_map(image, answer["image"]), method=method.name)
