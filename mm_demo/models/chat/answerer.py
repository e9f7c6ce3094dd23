"""A chat model that is asked about a picture: ranks whole answers, and traces the best to question and picture."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor
from transformers.cache_utils import Cache

from mm_demo.attention.recorder import Recorder, to_records
from mm_demo.attention.trace import Segment, TextLayout, Trace
from mm_demo.models.chat.decoder import Beginning
from mm_demo.models.chat.eyes import image_segment, seen
from mm_demo.models.chat.model import ChatModel
from mm_demo.models.chat.network import ChatPicture
from mm_demo.models.chat.prompt import Prompt
from mm_demo.models.chat.records import Place, split
from mm_demo.models.chat.variants import PictureVariants, QuestionVariants
from mm_demo.models.chat.vocabulary import UNDERSCORE
from mm_demo.models.family import Answered, AnswerVariants, Picture, PictureScore
from mm_demo.models.gradients import differentiable, log_odds
from mm_demo.models.ranking import rank_sequences
from mm_demo.models.removal import ATTENTION
from mm_demo.models.tokens import ReadText, whole

_INSTRUCTION = "Answer with a word or a short phrase."
_LONGEST_ANSWER = 12


class ChatAnswerer(ChatModel):
    """Answers with their probabilities; the best one's trace goes from the answer and the question to the picture.

    One sequence holds picture, question and answer. The question's elements look at the picture, at one another and at
    what stands before them; the answer's at all of it. Element i of segment "answer" is the position that wrote token
    i. The prompt's other tokens are in no segment, so rows of weights sum to less than 1.
    """

    instruction = _INSTRUCTION
    typed = True
    max_tokens: int = _LONGEST_ANSWER
    word_removals: tuple[str, ...] = (UNDERSCORE, ATTENTION)
    meets: ClassVar[tuple[str, ...]] = ("question", "answer")

    def answer(self, picture: Picture, question: str) -> Answered:
        """Rank answers and trace the best.

        Raises:
            UserError: the question is longer than the model can read.
        """
        about = seen(picture)
        read, prompt = self._read(about, question)
        answers = self._merged(self._rank(self._conversation.whole(about), [*read.ids, *prompt.after]))
        return Answered(
            candidates=[(text, probability) for text, _, probability in answers],
            spellings=answers[0][1],
            unknown_words=read.unknown_words,
            trace=self.explain(picture, question, answers[0][1][0]),
        )

    def explain(self, picture: Picture, question: str, ids: Sequence[int]) -> Trace:
        """What a given answer rests on: as the trace of `answer`, whether or not it is the best one.

        Raises:
            UserError: the question is longer than the model can read.
        """
        about = seen(picture)
        read, prompt = self._read(about, question)
        text = [*read.ids, *prompt.after, *ids[:-1]]
        recorder = Recorder(self._sites, differentiable=True)
        places, recorder.queries = self._places(prompt, len(read.ids), len(ids))
        logits = self._conversation.traced(self._conversation.whole(about), text, len(ids), recorder)
        with differentiable():
            score = _score(logits, ids)
        return Trace(self._segments(about, question, read, ids), split(to_records(recorder.take(), score), places))

    def picture_score(self, picture: Picture, question: str, ids: Sequence[int]) -> PictureScore:
        """An answer's log-odds, summed over its tokens, as a function of the picture.

        Raises:
            UserError: the question is longer than the model can read.
        """
        about = seen(picture)
        read, prompt = self._read(about, question)
        text = torch.tensor([*read.ids, *prompt.after, *ids[:-1]], device=picture.states.device)

        def score(features: Tensor) -> Tensor:
            with differentiable():
                beginning = self._conversation.begin(about, features)
                logits = self._conversation.logits(beginning, text.expand(len(features), -1), keep=len(ids))
                return torch.stack([_score(row, ids) for row in logits])

        return self._conversation.eyes.score(about, score)

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
        about, conversation = seen(picture), self._conversation
        read, prompt = self._read(about, question)
        begin = partial(conversation.changed, about)
        changed = PictureVariants(conversation.eyes, about, patch_removal, conversation.whole(about), begin)
        typed = np.array([place is not None for place in read.ranges])
        stand_in = None if word_removal == ATTENTION else self._vocabulary.stand_in
        asked = QuestionVariants(np.array(read.ids), typed, stand_in)

        def probabilities(patches: np.ndarray | None, words: np.ndarray | None) -> np.ndarray:
            [count] = {len(keep) for keep in (patches, words) if keep is not None}
            kept = np.ones((count, int(typed.sum())), bool) if words is None else words
            found = np.zeros(count)
            for rows, beginning in changed(np.ones((count, 1), bool) if patches is None else patches):
                ids, readable = asked(kept[rows])
                for spelling in spellings:
                    found[rows] += self._probability(beginning, prompt.after, ids, readable, spelling)
            return found

        return probabilities

    def _read(self, picture: ChatPicture, question: str) -> tuple[ReadText, Prompt]:
        prompt = self._conversation.prompt(picture)
        room = self._speaker.positions - len(prompt.before) - len(prompt.after) - self.max_tokens
        return whole(self._vocabulary.typed(question), room), prompt

    def _rank(self, beginning: Beginning, asked: list[int]) -> list[tuple[tuple[int, ...], float]]:
        decoder, chances = self._conversation.decoder, self._conversation.chances

        def advance(read: Tensor, cache: Cache) -> tuple[Tensor, Cache]:
            return chances(decoder.read(decoder.embed(read), cache, beginning.shift)[:, -1]), cache

        with torch.inference_mode():
            cache = beginning.cache()
            read = decoder.embed(torch.tensor([asked], device=decoder.device))
            first = chances(decoder.read(read, cache, beginning.shift, keep=1)[:, -1])
            return rank_sequences((first, cache), advance, self._vocabulary.ends[0], self.max_tokens)

    def _probability(
        self,
        beginning: Beginning,
        after: tuple[int, ...],
        asked: np.ndarray,
        readable: np.ndarray | None,
        ids: Sequence[int],
    ) -> np.ndarray:
        """(n,) float64: of exactly these tokens and, as in ranking, of the end where there is room for it."""
        targets = [*ids, self._vocabulary.ends[0]] if len(ids) < self.max_tokens else [*ids]
        rest = np.tile(np.array([*after, *targets[:-1]]), (len(asked), 1))
        device = self._conversation.decoder.device
        text = torch.from_numpy(np.hstack([asked, rest])).to(device)
        visible = None
        if readable is not None:
            visible = torch.from_numpy(np.hstack([readable, np.ones(rest.shape, bool)]))
        with torch.inference_mode():
            logits = self._conversation.logits(beginning, text, keep=len(targets), visible=visible)
            wanted = torch.tensor(targets, device=device).expand(len(text), -1)[..., None]
            chances = self._conversation.chances(logits).gather(-1, wanted)
        return np.asarray(chances.double().sum((1, 2)).exp().cpu())

    def _merged(self, ranked: list[tuple[tuple[int, ...], float]]) -> list[tuple[str, list[tuple[int, ...]], float]]:
        """[(text, spellings, probability)]: what differs in case or a full stop is one answer, the likeliest first."""
        merged: dict[str, tuple[str, list[tuple[int, ...]], float]] = {}
        for ids, probability in ranked:
            text = self._text(ids)
            shown, spellings, total = merged.get(text.casefold().rstrip("."), (text, [], 0.0))
            merged[text.casefold().rstrip(".")] = (shown, [*spellings, ids], total + probability)
        return sorted(merged.values(), key=lambda answer: -answer[2])

    def _text(self, ids: Sequence[int]) -> str:
        return self._vocabulary.decode(ids) or " ".join(self._vocabulary.label(i) for i in ids)

    def _places(self, prompt: Prompt, asked: int, length: int) -> tuple[dict[str, Place], Tensor]:
        """Where the segments' elements stand, and which rows after the beginning are theirs."""
        device = self._conversation.decoder.device
        writes = asked + len(prompt.after) - 1
        rows = torch.tensor([*range(asked), *range(writes, writes + length)], device=device)
        columns = rows + len(prompt.before)
        places = {
            "image": Place(torch.tensor(prompt.places, device=device)),
            "question": Place(columns[:asked], slice(0, asked)),
            "answer": Place(columns[asked:], slice(asked, asked + length)),
        }
        return places, rows

    def _segments(self, picture: ChatPicture, question: str, read: ReadText, ids: Sequence[int]) -> dict[str, Segment]:
        text, offsets = self._vocabulary.spelt(ids)
        labels = tuple(self._vocabulary.label(i) for i in ids)
        return {
            "image": image_segment(picture.view.layout),
            "question": Segment("question", "text", tuple(read.labels), TextLayout(question, tuple(read.ranges))),
            "answer": Segment("answer", "text", labels, TextLayout(text, offsets)),
        }


def _score(logits: Tensor, ids: Sequence[int]) -> Tensor:
    return torch.stack([log_odds(logits[i], token) for i, token in enumerate(ids)]).sum()
