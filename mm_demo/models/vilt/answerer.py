"""`ViltForQuestionAnswering`: chooses one of a fixed list of answers, and traces it through the sequence it reads."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import ClassVar, Self

import numpy as np
import torch
from torch import Tensor, nn
from transformers import ViltForQuestionAnswering, ViltProcessor

from mm_demo.attention.recorder import Recorder, Site, to_records
from mm_demo.attention.trace import JointSequence, Segment, TextLayout, Trace
from mm_demo.models.familiarity import Familiarity
from mm_demo.models.family import Answered, AnswerVariants, ModelInfo, Picture, PictureScore
from mm_demo.models.gradients import differentiable, log_odds
from mm_demo.models.randomised import forgetting, independent
from mm_demo.models.recent import RecentPictures
from mm_demo.models.removal import ATTENTION
from mm_demo.models.tokens import ReadText
from mm_demo.models.vilt.eyes import SeenPicture, ViltEyes, image_segment, seen
from mm_demo.models.vilt.questions import ViltQuestions
from mm_demo.models.vilt.variants import PATCH_WAYS, PatchVariants, WordVariants, chunks

_SEQUENCE = "sequence"
_CANDIDATES = 5


class ViltAnswerer:
    """Answers of a fixed list with their probabilities; all that leads to one happens in a single sequence.

    The sequence is [CLS], the question's tokens, the picture's class token and its patches. Segment "answer" is [CLS],
    whose last state the classifier reads.

    ViLT learns each answer's own chance of being accepted, a sigmoid of its logit, and these sum to anything. A
    candidate's probability is the softmax of the logits: the chance that this answer is the accepted one, given that
    exactly one is and that the sigmoids are independent (its odds over the sum of all odds).

    Args:
        model: in evaluation mode, with frozen parameters.
        processor: the one saved with it.
        info: what to say about it.
        familiarity: not used: no part of the model sees a picture without a question.

    Raises:
        UserError: model and tokenizer don't fit one another.
    """

    family: ClassVar[str] = "vilt"
    patch_removals: tuple[str, ...] = PATCH_WAYS
    meets: ClassVar[tuple[str, ...]] = ("answer",)

    def __init__(
        self,
        model: ViltForQuestionAnswering,
        processor: ViltProcessor,
        info: ModelInfo,
        familiarity: Familiarity | None = None,
    ) -> None:
        del familiarity
        self.info = info
        self._processor = processor
        self._questions = ViltQuestions(processor, model.config)
        self._answers: dict[int, str] = model.config.id2label
        self.word_removals: tuple[str, ...] = (*self._questions.stand_ins, ATTENTION)
        self._use(model)

    def _use(self, model: ViltForQuestionAnswering) -> None:
        self._model = model
        self._eyes = ViltEyes(model.vilt, self._processor)
        self._sites = [
            Site(layer.attention.attention, index, "self", _SEQUENCE, _SEQUENCE)
            for index, layer in enumerate(model.vilt.encoder.layer)
        ]
        self.look = RecentPictures(self._eyes.encode)

    def answer(self, picture: Picture, question: str) -> Answered:
        """Rank answers and trace the best.

        Raises:
            UserError: the question is longer than the model can read.
        """
        read = self._questions.read(question)
        logits, recorder = self._recorded(picture, read)
        top = logits.detach().float().softmax(-1).topk(min(_CANDIDATES, len(logits)))
        ranked = list(zip(top.indices.tolist(), top.values.tolist(), strict=True))
        best = ranked[0][0]
        return Answered(
            candidates=[(self._answers[index], probability) for index, probability in ranked],
            spellings=[(best,)],
            unknown_words=read.unknown_words,
            trace=self._trace(seen(picture), question, read, best, logits, recorder),
        )

    def explain(self, picture: Picture, question: str, ids: Sequence[int]) -> Trace:
        """What a given answer rests on: as the trace of `answer`, whether or not it is the best one.

        Raises:
            UserError: the question is longer than the model can read.
        """
        read = self._questions.read(question)
        logits, recorder = self._recorded(picture, read)
        [index] = ids
        return self._trace(seen(picture), question, read, index, logits, recorder)

    def picture_score(self, picture: Picture, question: str, ids: Sequence[int]) -> PictureScore:
        """An answer's log-odds as a function of the picture.

        Raises:
            UserError: the question is longer than the model can read.
        """
        read = self._questions.read(question)
        [index] = ids

        def score(states: Tensor) -> Tensor:
            with differentiable():
                return torch.stack([log_odds(logits, index) for logits in self._ask(states, read)])

        return self._eyes.score(picture.image, score)

    def variants(
        self,
        picture: Picture,
        question: str,
        spellings: Sequence[Sequence[int]],
        patch_removal: str,
        word_removal: str,
    ) -> AnswerVariants:
        """How probable an answer is with parts of the picture and of the question missing (see `Answerer`).

        Raises:
            UserError: the question is longer than the model can read.
        """
        read = self._questions.read(question)
        looked_at = PatchVariants(self._eyes, seen(picture), patch_removal)
        asked = WordVariants(read, None if word_removal == ATTENTION else self._questions.stand_ins[word_removal])
        classes = [index for [index] in spellings]
        length, device = len(read.ids) + picture.states.shape[1], picture.states.device

        def probabilities(patches: np.ndarray | None, words: np.ndarray | None) -> np.ndarray:
            [count] = {len(keep) for keep in (patches, words) if keep is not None}
            found = np.empty(count)
            for part in chunks(count, length, device):
                some = part.stop - part.start
                with torch.inference_mode():
                    states, visible = looked_at(None if patches is None else patches[part], some)
                    ids, readable = asked(None if words is None else words[part], some)
                    logits: Tensor = self._model(
                        input_ids=ids.to(device),
                        attention_mask=readable.to(device),
                        image_embeds=states,
                        pixel_mask=visible,
                    ).logits
                    found[part] = logits.float().softmax(-1)[:, classes].sum(-1).cpu().numpy()
            return found

        return probabilities

    def randomised(self) -> Iterator[tuple[str, Self]]:
        """Copies of the model with ever more layers randomised, top to bottom: what is randomised so far, and the copy.

        Each copy is good until the next is asked for.
        """
        model = independent(self._model)
        vilt = model.vilt
        layers = vilt.encoder.layer
        half = len(layers) // 2
        stages: list[tuple[str, Iterable[nn.Module]]] = [
            ("classifier", [vilt.pooler, model.classifier]),
            ("+ layers, upper half", [vilt.layernorm, *layers[half:]]),
            ("+ layers, all", layers[:half]),
            ("+ embeddings: everything", [vilt.embeddings]),
        ]
        yield from forgetting(self, stages, lambda twin: twin._use(model))

    def _recorded(self, picture: Picture, read: ReadText) -> tuple[Tensor, Recorder]:
        """Logits (answers,) in the graph of the attention weights that the recorder holds."""
        recorder = Recorder(self._sites, differentiable=True)
        with recorder.hooked(), recorder.active(), differentiable():
            logits = self._ask(picture.states, read, attentions=True)[0]
        return logits, recorder

    def _ask(self, states: Tensor, read: ReadText, *, attentions: bool = False) -> Tensor:
        """Logits (n, answers) of one question about n pictures."""
        ids = torch.tensor([read.ids], device=states.device).expand(len(states), -1)
        # The parameters are frozen: without a leaf that gradients start from, no attention weight would be in a graph.
        with torch.no_grad():
            words = self._model.get_input_embeddings()(ids).requires_grad_()
        logits: Tensor = self._model(
            inputs_embeds=words,
            attention_mask=torch.ones_like(ids),
            image_embeds=states,
            pixel_mask=torch.ones(states.shape[:2], dtype=torch.long, device=states.device),
            output_attentions=attentions,
        ).logits
        return logits

    def _trace(
        self, picture: SeenPicture, question: str, read: ReadText, index: int, logits: Tensor, recorder: Recorder
    ) -> Trace:
        with differentiable():
            score = log_odds(logits, index)
        answer = self._answers[index]
        segments = {
            "image": image_segment(picture),
            "question": Segment(
                "question", "text", tuple(read.labels[1:]), TextLayout(question, tuple(read.ranges[1:]))
            ),
            "answer": Segment("answer", "text", (answer,), TextLayout(answer, (None,))),
        }
        words, length = len(read.ids), len(read.ids) + len(segments["image"])
        places = {"image": tuple(range(words, length)), "question": tuple(range(1, words)), "answer": (0,)}
        records = to_records(recorder.take(), score)
        return Trace(segments, records, joint=JointSequence(_SEQUENCE, places, length))
