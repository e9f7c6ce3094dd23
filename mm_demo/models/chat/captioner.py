"""A chat model that is told to describe a picture, and shows where each token looked while it is being written."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial

import numpy as np
import torch
from torch import Tensor
from transformers import PreTrainedModel, RepetitionPenaltyLogitsProcessor

from mm_demo.attention.recorder import Recorder, to_records
from mm_demo.attention.trace import Record, Segment, TextLayout, Trace
from mm_demo.models.chat.eyes import image_segment, seen
from mm_demo.models.chat.model import ChatModel
from mm_demo.models.chat.records import GrowingRows, Place, split
from mm_demo.models.chat.variants import PictureVariants
from mm_demo.models.family import Picture, PictureScore, Written
from mm_demo.models.gradients import differentiable, log_odds

_INSTRUCTION = "Describe the picture in one sentence."
_CANDIDATES = 5
_LONGEST_CAPTION = 64


class ChatCaptioner(ChatModel):
    """Greedy captions, token for token those of the model's own `generate`.

    A checkpoint's repetition penalty counts in the choice of a token, and in no probability.

    In a trace, element i of segment "caption" is the position that wrote token i: it read token i − 1, or the prompt's
    last token for i = 0. The prompt's other tokens are in no segment, so rows of weights sum to less than 1.
    """

    instruction = _INSTRUCTION
    typed = False

    def _use(self, model: PreTrainedModel) -> None:
        super()._use(model)
        wishes = model.generation_config
        self.max_tokens: int = min(wishes.max_new_tokens or _LONGEST_CAPTION, _LONGEST_CAPTION)
        self._penalty: float = wishes.repetition_penalty or 1.0

    def write(self, picture: Picture) -> Iterator[tuple[Written, Trace]]:
        """Each token as soon as it is made, with the trace of all up to it."""
        about, decoder = seen(picture), self._conversation.decoder
        prompt = self._conversation.prompt(about)
        beginning = self._conversation.whole(about)
        cache = beginning.cache()
        recorder = Recorder(self._sites)
        image = image_segment(about.view.layout)
        rows = GrowingRows("caption", torch.tensor(prompt.places, device=decoder.device))
        read = [*prompt.before, *prompt.after]
        written: list[Written] = []
        for _ in range(self.max_tokens):
            # Modes and the recording end before each yield: what runs in between is not part of this call.
            with torch.inference_mode(), recorder.active():
                last = decoder.embed(torch.tensor([read[-1:]], device=decoder.device))
                logits = decoder.read(last, cache, beginning.shift)[0, -1].float()
                rows.add(recorder.take())
                chosen = self._choice(read, logits)
                if chosen in self._vocabulary.ends:
                    return
                written.append(self._written(chosen, logits.softmax(-1), first=not written))
            read.append(chosen)
            yield written[-1], self._trace(image, [w.id for w in written], rows.records())

    def text(self, ids: Iterable[int]) -> str:
        """The caption that these tokens spell."""
        return self._vocabulary.decode(ids)

    def gradient_traces(self, picture: Picture, ids: list[int], indices: Iterable[int]) -> Iterator[Trace]:
        """For each index the trace of the caption `ids` with the gradient of that token's log-odds: one forward."""
        about = seen(picture)
        prompt = self._conversation.prompt(about)
        recorder = Recorder(self._sites, differentiable=True)
        logits = self._conversation.traced(
            self._conversation.whole(about), [*prompt.after, *ids[:-1]], len(ids), recorder
        )
        taken, image = recorder.take(), image_segment(about.view.layout)
        places = self._places(prompt.before, prompt.places, len(ids))
        for index in indices:
            with differentiable():
                score = log_odds(logits[index], ids[index])
            yield self._trace(image, ids, split(to_records(taken, score), places))

    def picture_score(self, picture: Picture, ids: list[int]) -> PictureScore:
        """The last token's log-odds given those before it, as a function of the picture."""
        about = seen(picture)
        read = torch.tensor([*self._conversation.prompt(about).after, *ids[:-1]], device=picture.states.device)

        def score(features: Tensor) -> Tensor:
            with differentiable():
                beginning = self._conversation.begin(about, features)
                logits = self._conversation.logits(beginning, read.expand(len(features), -1), keep=1)
                return torch.stack([log_odds(row[0], ids[-1]) for row in logits])

        return self._conversation.eyes.score(about, score)

    def variants(self, picture: Picture, ids: list[int], last: int, removal: str) -> Callable[[np.ndarray], np.ndarray]:
        """How probable a caption's last tokens are of the picture with parts missing (see `Captioner`)."""
        about, conversation = seen(picture), self._conversation
        begin = partial(conversation.changed, about)
        changed = PictureVariants(conversation.eyes, about, removal, conversation.whole(about), begin)
        device = picture.states.device
        read = torch.tensor([*conversation.prompt(about).after, *ids[:-1]], device=device)
        targets = torch.tensor(ids[-last:], device=device)

        def probabilities(patches: np.ndarray) -> np.ndarray:
            found = np.empty((len(patches), last))
            for rows, beginning in changed(patches):
                with torch.inference_mode():
                    logits = conversation.logits(beginning, read.expand(len(rows), -1), keep=last)
                    chances = logits.float().softmax(-1).gather(-1, targets.expand(len(rows), -1)[..., None])
                found[rows] = chances[..., 0].cpu()
            return found

        return probabilities

    def _choice(self, read: list[int], logits: Tensor) -> int:
        if self._penalty != 1.0:
            before = torch.tensor([read], device=logits.device)
            logits = RepetitionPenaltyLogitsProcessor(self._penalty)(before, logits[None].clone())[0]
        return int(logits.argmax())

    def _written(self, chosen: int, probabilities: Tensor, *, first: bool) -> Written:
        top = probabilities.topk(min(_CANDIDATES, len(probabilities)))
        ranked = zip(top.indices.tolist(), top.values.tolist(), strict=True)
        others = [(self._vocabulary.label(i), min(p, 1.0)) for i, p in ranked if i != chosen][: _CANDIDATES - 1]
        continues = not first and not self._vocabulary.piece(chosen)[:1].isspace()
        sure = min(float(probabilities[chosen]), 1.0)
        return Written(chosen, self._vocabulary.label(chosen), continues, sure, others)

    def _places(self, before: tuple[int, ...], image: tuple[int, ...], length: int) -> dict[str, Place]:
        device = self._conversation.decoder.device
        own = torch.arange(len(before), len(before) + length, device=device)
        return {"image": Place(torch.tensor(image, device=device)), "caption": Place(own, slice(0, length))}

    def _trace(self, image: Segment, ids: list[int], records: list[Record]) -> Trace:
        text, offsets = self._vocabulary.spelt(ids)
        labels = tuple(self._vocabulary.label(i) for i in ids)
        return Trace(
            {
                "image": image,
                "caption": Segment("caption", "text", labels, TextLayout(text, offsets)),
            },
            records,
        )
