"""A picture and a question in, ranked answers out, with the words and regions that made the first one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import torch

from mm_demo.attention.methods import Method
from mm_demo.attention.shares import modality_shares
from mm_demo.attention.trace import TextLayout, Trace
from mm_demo.evidence.coalitions import coalitions, shapley_values, shares
from mm_demo.evidence.probe import Part, Probe
from mm_demo.models.family import Answerer, AnswerVariants
from mm_demo.tasks.inputs import read_image, read_question
from mm_demo.tasks.maps import image_map, signed_relevance
from mm_demo.tasks.ownership import own_result
from mm_demo.tasks.picture_task import PictureTask
from mm_demo.tasks.removals import choose_removal
from mm_demo.tasks.results import ImageSource, TokenRelevance, VqaResult


class VqaTask(PictureTask[Answerer]):
    """Answers questions about pictures. One task serves many threads at once.

    Attributes:
        removals: for "image" and "text" the ways in which parts can be taken away, the default first.

    Args:
        model: an opened answerer.
    """

    name = "vqa"

    def __init__(self, model: Answerer) -> None:
        super().__init__(model)
        self.removals: dict[Part, tuple[str, ...]] = {"image": model.patch_removals, "text": model.word_removals}

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
        relevant = modality_shares(trace, self._model.meets, relevance=True, written="answer")
        result = VqaResult(
            answer=answered.candidates[0][0],
            candidates=answered.candidates,
            question=asked,
            question_tokens=[],
            image_map=image_map(trace.segments["image"], torch.zeros(len(trace.segments["image"]))),
            modality_shares={"image": relevant["image"], "text": relevant["text"]},
            familiar=picture.familiar,
            familiarity=picture.familiarity,
            trace=trace,
            image=picture.image,
            method=chosen.name,
            model=self.info.id,
            unknown_words=answered.unknown_words,
            spellings=answered.spellings,
        )
        return _explained(result, chosen, layer, head)

    def explain(self, result: VqaResult, method: str, layer: int | None = None, head: int | None = None) -> VqaResult:
        """The same answers with the maps and word weights of another method; the model does not run again.

        Raises:
            UserError: there is no such method, layer or head, or the result is another model's.
        """
        own_result(self.info.id, result.model)
        return _explained(result, self._choose(method, layer, head), layer, head)

    def probe(self, result: VqaResult, part: Part, removal: str = "default") -> Probe:
        """The probability of the first answer, asked again with patches or words missing; all spellings of it count.

        Args:
            result: of a call or of `explain`, whose map or word weights are to be checked.
            part: "image" (elements are patches) or "text" (elements are `question_tokens`).
            removal: one of `removals[part]`.

        Raises:
            UserError: there is no such part or removal, or the result is another model's.
        """
        own_result(self.info.id, result.model)
        way = choose_removal(self.removals, part, removal)
        variants = self._variants(result, {part: way})
        if part == "image":
            labels: tuple[str, ...] = ("",) * result.image_map.size
            relevance = result.image_map.ravel()
        else:
            labels = tuple(token.token for token in result.question_tokens)
            relevance = np.array([token.relevance for token in result.question_tokens])

        def score(keep: np.ndarray) -> np.ndarray:
            return variants(keep, None) if part == "image" else variants(None, keep)

        shape = result.image_map.shape if part == "image" else None
        return Probe(part, result.answer, "probability", way, labels, shape, relevance, score)

    def coalition_shares(self, result: VqaResult) -> dict[str, float]:
        """How much of the first answer's probability is owed to each modality: {"image": s, "text": 1 − s}.

        Exact Shapley values over the four coalitions, in one batch. An absent picture is all of its mean colour, an
        absent question all mask tokens: what `probe` removes by default, removed everywhere.

        Raises:
            UserError: the result is another model's.
        """
        own_result(self.info.id, result.model)
        players = ("image", "text")
        present = list(coalitions(players))
        patches, words = result.image_map.size, len(result.question_tokens)
        probabilities = self._variants(result, {})(
            np.array([["image" in who] * patches for who in present]),
            np.array([["text" in who] * words for who in present]),
        )
        return shares(shapley_values(players, dict(zip(present, probabilities.tolist(), strict=True))))

    def randomised(
        self, result: VqaResult, layer: int | None = None, head: int | None = None
    ) -> Iterator[tuple[str, np.ndarray]]:
        """What the result's method would show of a model that has lost ever more of what it learnt, top to bottom.

        The same picture, question and answer; see Adebayo et al. 2018. On a copy: the shared model stays as it is.

        Yields:
            (what is randomised so far, (rows, cols) map).

        Raises:
            UserError: there is no such layer or head, or the result is another model's.
        """
        own_result(self.info.id, result.model)
        chosen = self._choose(result.method, layer, head)
        for label, model in self._model.randomised():
            trace = model.explain(model.look(result.image), result.question, result.spellings[0])
            yield label, image_map(trace.segments["image"], _owed(trace, chosen, layer, head)["image"])

    def _variants(self, result: VqaResult, chosen: dict[Part, str]) -> AnswerVariants:
        ways = {part: chosen.get(part, offered[0]) for part, offered in self.removals.items()}
        picture = self._model.look(result.image)
        return self._model.variants(picture, result.question, result.spellings, ways["image"], ways["text"])


def _owed(trace: Trace, method: Method, layer: int | None, head: int | None) -> dict[str, torch.Tensor]:
    return {name: rows.sum(0) for name, rows in method.rows(trace, "answer", slice(None), layer, head).items()}


def _explained(result: VqaResult, method: Method, layer: int | None, head: int | None) -> VqaResult:
    trace = result.trace
    image, question = trace.segments["image"], trace.segments["question"]
    if not isinstance(question.layout, TextLayout):
        raise TypeError("the question's segment is no text")
    answer = _owed(trace, method, layer, head)
    looks = method.rows(trace, "question", slice(None), layer, head)["image"]
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
