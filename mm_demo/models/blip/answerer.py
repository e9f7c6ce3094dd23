"""`BlipForQuestionAnswering`: ranks whole answers, and traces the best one through the question to the picture."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import ClassVar, Self

import numpy as np
import torch
from torch import Tensor, nn
from transformers import BlipForQuestionAnswering, BlipProcessor
from transformers.cache_utils import Cache
from transformers.modeling_outputs import CausalLMOutputWithCrossAttentions

from mm_demo.attention.recorder import Recorder, to_records
from mm_demo.attention.trace import Segment, TextLayout, Trace
from mm_demo.models.blip.parts import (
    BlipEyes,
    BlipVocabulary,
    attention_sites,
    embed,
    limit_of,
    mask_of,
    obey_masks,
)
from mm_demo.models.blip.variants import PATCH_WAYS, PictureVariants, QuestionVariants, chunks
from mm_demo.models.familiarity import Familiarity
from mm_demo.models.family import Answered, AnswerVariants, ModelInfo, Picture, PictureScore
from mm_demo.models.gradients import differentiable, log_odds
from mm_demo.models.randomised import forgetting, independent
from mm_demo.models.ranking import rank_sequences
from mm_demo.models.recent import RecentPictures
from mm_demo.models.removal import ATTENTION
from mm_demo.models.tokens import ReadText

_LONGEST_ANSWER = 12


class BlipAnswerer:
    """Answers with their probabilities; the best one's trace goes answer → question → image.

    The question's elements look at one another and at the image; the answer decoder looks only at the question. Element
    i of segment "answer" is the decoder's position i, which wrote token i; the end token's position is left out.

    Args:
        model: in evaluation mode, with frozen parameters.
        processor: the one saved with it.
        info: what to say about it.
        familiarity: judges whether a picture is of the kind the checkpoint knows; None where it can't.
    """

    family: ClassVar[str] = "blip"
    patch_removals: tuple[str, ...] = PATCH_WAYS
    meets: ClassVar[tuple[str, ...]] = ("question",)

    def __init__(
        self,
        model: BlipForQuestionAnswering,
        processor: BlipProcessor,
        info: ModelInfo,
        familiarity: Familiarity | None = None,
    ) -> None:
        self.info = info
        self._processor = processor
        self._vocabulary = BlipVocabulary(processor, model.config.text_config)
        self.word_removals: tuple[str, ...] = (*self._vocabulary.stand_ins, ATTENTION)
        limit = limit_of(model.generation_config.max_length, self._vocabulary.longest, _LONGEST_ANSWER)
        self.max_tokens = limit
        obey_masks(model.text_encoder)
        obey_masks(model.text_decoder.bert)
        self._use(model, familiarity)

    def _use(self, model: BlipForQuestionAnswering, familiarity: Familiarity | None) -> None:
        self._model = model
        self._encoder = model.text_encoder
        self._decoder = model.text_decoder
        self._eyes = BlipEyes(model.vision_model, self._processor, familiarity)
        self._sites = [
            *attention_sites(self._encoder, own="question", other="image"),
            *attention_sites(self._decoder.bert, own="answer", other="question"),
        ]
        self.look = RecentPictures(self._eyes.encode)

    def answer(self, picture: Picture, question: str) -> Answered:
        """Rank answers and trace the best.

        Raises:
            UserError: the question is longer than the model can read.
        """
        read = self._vocabulary.encode(question)
        recorder = Recorder(self._sites, differentiable=True)
        with recorder.hooked():
            with recorder.active(), differentiable():
                states = self._ask(picture.states, read)
                logits, cache = self.begin(states)
            answers = self._merged(self.rank(states.detach(), logits, cache))
            best = answers[0][1][0]
            taken = recorder.take()
            with recorder.active(), differentiable():
                if len(best) > 1:
                    # The search left no graph behind: go once more through the answer it found, all positions at once.
                    logits = self._read(states, [self._vocabulary.start, *best[:-1]], use_cache=False).logits[0]
                    taken = [(site, w) for site, w in taken if site.query == "question"] + recorder.take()
                score = _score(logits, best)
        return Answered(
            candidates=[(text, probability) for text, _, probability in answers],
            spellings=answers[0][1],
            unknown_words=read.unknown_words,
            trace=Trace(self._segments(question, read, best), to_records(taken, score)),
        )

    def explain(self, picture: Picture, question: str, ids: Sequence[int]) -> Trace:
        """What a given answer rests on: as the trace of `answer`, whether or not it is the best one.

        Raises:
            UserError: the question is longer than the model can read.
        """
        read = self._vocabulary.encode(question)
        recorder = Recorder(self._sites, differentiable=True)
        with recorder.hooked(), recorder.active(), differentiable():
            states = self._ask(picture.states, read)
            logits = self._read(states, [self._vocabulary.start, *ids[:-1]], use_cache=False).logits[0]
            score = _score(logits, ids)
        return Trace(self._segments(question, read, ids), to_records(recorder.take(), score))

    def picture_score(self, picture: Picture, question: str, ids: Sequence[int]) -> PictureScore:
        """An answer's log-odds, summed over its tokens, as a function of the picture.

        Raises:
            UserError: the question is longer than the model can read.
        """
        read = self._vocabulary.encode(question)

        def score(states: Tensor) -> Tensor:
            with differentiable():
                asked = self._ask(states, read)
                logits = self._read(asked, [self._vocabulary.start, *ids[:-1]], use_cache=False).logits
                return torch.stack([_score(row, ids) for row in logits])

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
        seen = PictureVariants(self._eyes, picture, patch_removal)
        asked = QuestionVariants(self._vocabulary, question, word_removal)

        def probabilities(patches: np.ndarray | None, words: np.ndarray | None) -> np.ndarray:
            [count] = {len(keep) for keep in (patches, words) if keep is not None}
            found = np.empty(count)
            for part in chunks(count):
                some = part.stop - part.start
                with torch.inference_mode():
                    looked_at, visible = seen(None if patches is None else patches[part])
                    ids, readable = asked(None if words is None else words[part], some)
                    readable = None if readable is None else readable.to(looked_at.device)
                    states: Tensor = self._encoder(
                        input_ids=ids.to(looked_at.device),
                        attention_mask=readable,
                        encoder_hidden_states=looked_at,
                        encoder_attention_mask=mask_of(visible, looked_at),
                    ).last_hidden_state
                    found[part] = sum(self._probability(states, readable, s) for s in spellings)
            return found

        return probabilities

    def randomised(self) -> Iterator[tuple[str, Self]]:
        """Copies of the model with ever more layers randomised, top to bottom: what is randomised so far, and the copy.

        Each copy is good until the next is asked for.
        """
        model = independent(self._model)
        encoder, decoder, vision = model.text_encoder, model.text_decoder, model.vision_model
        question, patches = encoder.encoder.layer, vision.encoder.layers
        stages: list[tuple[str, Iterable[nn.Module]]] = [
            ("answer decoder, last layer", [decoder.cls.predictions.transform, decoder.bert.encoder.layer[-1]]),
            ("answer decoder", [decoder]),
            ("+ question encoder, upper half", question[len(question) // 2 :]),
            ("+ question encoder", [encoder]),
            ("+ vision encoder, upper half", [vision.post_layernorm, *patches[len(patches) // 2 :]]),
            ("+ vision encoder: everything", [vision]),
        ]
        yield from forgetting(self, stages, lambda twin: twin._use(model, familiarity=None))

    def words(self, question: str) -> tuple[ReadText, Tensor]:
        """The question's tokens, and for each its word embedding, (tokens, dim), without its position.

        Raises:
            UserError: the question is longer than the model can read.
        """
        read = self._vocabulary.encode(question)
        table: Tensor = self._encoder.get_input_embeddings().weight
        return read, table[torch.tensor(read.ids, device=table.device)]

    def begin(self, states: Tensor) -> tuple[Tensor, Cache]:
        """Logits of an answer's first token, (1, vocabulary), and the decoder's cache.

        Args:
            states: (1, question elements, dim), the question encoder's output.
        """
        output = self._read(states, [self._vocabulary.start], use_cache=True)
        return output.logits[0], output.past_key_values

    def rank(self, states: Tensor, logits: Tensor, cache: Cache) -> list[tuple[tuple[int, ...], float]]:
        """The most probable answers to an encoded question: [(ids without the end token, probability)], best first.

        Args:
            states: (1, question elements, dim), the question encoder's output.
            logits: what `begin` returned for it.
            cache: likewise; it is used up.
        """

        def advance(read: Tensor, cache: Cache) -> tuple[Tensor, Cache]:
            output = self._decoder(input_ids=read, encoder_hidden_states=states, past_key_values=cache, use_cache=True)
            return output.logits[:, -1].float().log_softmax(-1), output.past_key_values

        with torch.inference_mode():
            first = (logits.float().log_softmax(-1), cache)
            return rank_sequences(first, advance, self._vocabulary.end, self.max_tokens)

    def _ask(self, seen: Tensor, read: ReadText) -> Tensor:
        ids = torch.tensor([read.ids], device=seen.device).expand(len(seen), -1)
        states: Tensor = self._encoder(
            encoder_embeds=embed(self._encoder, ids), encoder_hidden_states=seen
        ).last_hidden_state
        return states

    def _probability(self, states: Tensor, readable: Tensor | None, ids: Sequence[int]) -> np.ndarray:
        """(n,) float64: of exactly these tokens and, as in ranking, of the end where there is room for it."""
        ended = [self._vocabulary.end] if len(ids) < self.max_tokens else []
        targets = torch.tensor([*ids, *ended], device=states.device)
        read = torch.tensor([self._vocabulary.start, *targets[:-1].tolist()], device=states.device)
        logits: Tensor = self._decoder(
            input_ids=read.expand(len(states), -1),
            encoder_hidden_states=states,
            encoder_attention_mask=mask_of(readable, states),
            use_cache=False,
        ).logits
        chances = logits.float().log_softmax(-1).gather(-1, targets.expand(len(states), -1)[..., None])
        return np.asarray(chances.double().sum((1, 2)).exp().cpu())

    def _read(self, states: Tensor, ids: list[int], *, use_cache: bool) -> CausalLMOutputWithCrossAttentions:
        return self._decoder(
            encoder_embeds=embed(self._decoder.bert, torch.tensor([ids], device=states.device).expand(len(states), -1)),
            encoder_hidden_states=states,
            use_cache=use_cache,
        )

    def _merged(self, ranked: list[tuple[tuple[int, ...], float]]) -> list[tuple[str, list[tuple[int, ...]], float]]:
        """[(text, spellings, probability)]: spellings of one text are one answer, the likeliest first."""
        merged: dict[str, tuple[list[tuple[int, ...]], float]] = {}
        for ids, probability in ranked:
            text = self._text(ids)
            spellings, total = merged.get(text, ([], 0.0))
            merged[text] = ([*spellings, ids], total + probability)
        return sorted(((text, ids, p) for text, (ids, p) in merged.items()), key=lambda answer: -answer[2])

    def _text(self, ids: Sequence[int]) -> str:
        return self._vocabulary.decode(list(ids)) or " ".join(self._vocabulary.read(i)[0] for i in ids)

    def _segments(self, question: str, read: ReadText, ids: Sequence[int]) -> dict[str, Segment]:
        tokens = tuple(self._vocabulary.read(i)[0] for i in ids)
        return {
            "image": self._eyes.segment,
            "question": Segment("question", "text", tuple(read.labels), TextLayout(question, tuple(read.ranges))),
            "answer": Segment("answer", "text", tokens, TextLayout(self._text(ids), (None,) * len(ids))),
        }


def _score(logits: Tensor, ids: Sequence[int]) -> Tensor:
    return torch.stack([log_odds(logits[i], token) for i, token in enumerate(ids)]).sum()
