"""`BlipForQuestionAnswering`: ranks whole answers, and traces the best one through the question to the picture."""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor
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
)
from mm_demo.models.blip.ranking import rank_sequences
from mm_demo.models.familiarity import Familiarity
from mm_demo.models.family import Answered, ModelInfo, Picture
from mm_demo.models.gradients import differentiable, log_odds
from mm_demo.models.recent import RecentPictures
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

    def __init__(
        self,
        model: BlipForQuestionAnswering,
        processor: BlipProcessor,
        info: ModelInfo,
        familiarity: Familiarity | None = None,
    ) -> None:
        self.info = info
        self._encoder = model.text_encoder
        self._decoder = model.text_decoder
        self._eyes = BlipEyes(model.vision_model, processor, familiarity)
        self._vocabulary = BlipVocabulary(processor, model.config.text_config)
        self._sites = [
            *attention_sites(self._encoder, own="question", other="image"),
            *attention_sites(self._decoder.bert, own="answer", other="question"),
        ]
        self.look = RecentPictures(self._eyes.encode)
        limit = limit_of(model.generation_config.max_length, self._vocabulary.longest, _LONGEST_ANSWER)
        self.max_tokens = limit

    def answer(self, picture: Picture, question: str) -> Answered:
        """Rank answers and trace the best.

        Raises:
            UserError: the question is longer than the model can read.
        """
        read = self._vocabulary.encode(question)
        device = picture.states.device
        recorder = Recorder(self._sites, differentiable=True)
        with recorder.hooked():
            with recorder.active(), differentiable():
                states: Tensor = self._encoder(
                    encoder_embeds=embed(self._encoder, torch.tensor([read.ids], device=device)),
                    encoder_hidden_states=picture.states,
                ).last_hidden_state
                logits, cache = self.begin(states)
            answers = self._merged(self.rank(states.detach(), logits, cache))
            best = answers[0][1]
            taken = recorder.take()
            with recorder.active(), differentiable():
                if len(best) > 1:
                    # The search left no graph behind: go once more through the answer it found, all positions at once.
                    logits = self._read(states, [self._vocabulary.start, *best[:-1]], use_cache=False).logits[0]
                    taken = [(site, w) for site, w in taken if site.query == "question"] + recorder.take()
                score = torch.stack([log_odds(logits[i], token) for i, token in enumerate(best)]).sum()
        segments = {
            "image": self._eyes.segment,
            "question": Segment("question", "text", tuple(read.labels), TextLayout(question, tuple(read.ranges))),
            "answer": self._answer_segment(answers[0][0], best),
        }
        return Answered(
            candidates=[(text, probability) for text, _, probability in answers],
            unknown_words=read.unknown_words,
            trace=Trace(segments, to_records(taken, score)),
        )

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

    def _read(self, states: Tensor, ids: list[int], *, use_cache: bool) -> CausalLMOutputWithCrossAttentions:
        return self._decoder(
            encoder_embeds=embed(self._decoder.bert, torch.tensor([ids], device=states.device)),
            encoder_hidden_states=states,
            use_cache=use_cache,
        )

    def _merged(self, ranked: list[tuple[tuple[int, ...], float]]) -> list[tuple[str, tuple[int, ...], float]]:
        """[(text, ids, probability)]: spellings of one text are one answer, with the ids of the likeliest."""
        merged: dict[str, tuple[tuple[int, ...], float]] = {}
        for ids, probability in ranked:
            text = self._vocabulary.decode(list(ids)) or " ".join(self._vocabulary.read(i)[0] for i in ids)
            first, total = merged.get(text, (ids, 0.0))
            merged[text] = (first, total + probability)
        return sorted(((text, ids, p) for text, (ids, p) in merged.items()), key=lambda answer: -answer[2])

    def _answer_segment(self, text: str, ids: tuple[int, ...]) -> Segment:
        tokens = tuple(self._vocabulary.read(i)[0] for i in ids)
        return Segment("answer", "text", tokens, TextLayout(text, (None,) * len(ids)))
