"""`BlipForConditionalGeneration`: writes a caption, and shows where each word looked while it is being written."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import ClassVar, Self

import numpy as np
import torch
from torch import Tensor, nn
from transformers import BlipForConditionalGeneration, BlipProcessor
from transformers.cache_utils import Cache

from mm_demo.attention.recorder import Recorder, Site, to_records
from mm_demo.attention.trace import Record, Segment, TextLayout, Trace
from mm_demo.models.blip.parts import (
    BlipEyes,
    BlipVocabulary,
    attention_sites,
    embed,
    limit_of,
    mask_of,
    most_likely,
    obey_masks,
)
from mm_demo.models.blip.variants import PATCH_WAYS, PictureVariants, chunks
from mm_demo.models.familiarity import Familiarity
from mm_demo.models.family import ModelInfo, Picture, PictureScore, Written
from mm_demo.models.gradients import differentiable, log_odds
from mm_demo.models.randomised import forgetting, independent
from mm_demo.models.recent import RecentPictures

_CANDIDATES = 5
_LONGEST_CAPTION = 60


class BlipCaptioner:
    """Greedy captions, token for token those of the model's own `generate`.

    In a trace, element i of segment "caption" is the decoder's position i, which read token i − 1 (the start token
    for i = 0) and wrote token i; its rows show where the model looked to write that token.

    Args:
        model: in evaluation mode, with frozen parameters.
        processor: the one saved with it.
        info: what to say about it.
        familiarity: judges whether a picture is of the kind the checkpoint knows; None where it can't.
    """

    family: ClassVar[str] = "blip"
    patch_removals: tuple[str, ...] = PATCH_WAYS

    def __init__(
        self,
        model: BlipForConditionalGeneration,
        processor: BlipProcessor,
        info: ModelInfo,
        familiarity: Familiarity | None = None,
    ) -> None:
        self.info = info
        self._processor = processor
        self._vocabulary = BlipVocabulary(processor, model.config.text_config)
        limit = limit_of(model.generation_config.max_length, self._vocabulary.longest, _LONGEST_CAPTION)
        self.max_tokens = limit
        obey_masks(model.text_decoder.bert)
        self._use(model, familiarity)

    def _use(self, model: BlipForConditionalGeneration, familiarity: Familiarity | None) -> None:
        self._model = model
        self._decoder = model.text_decoder
        self._eyes = BlipEyes(model.vision_model, self._processor, familiarity)
        self._sites = attention_sites(self._decoder.bert, own="caption", other="image")
        self.look = RecentPictures(self._eyes.encode)

    def write(self, picture: Picture) -> Iterator[tuple[Written, Trace]]:
        """Each token as soon as it is made, with the trace of all up to it."""
        recorder = Recorder(self._sites)
        rows = _GrowingRows(self._sites, self.max_tokens)
        cache: Cache | None = None
        written: list[Written] = []
        last = self._vocabulary.start
        with recorder.hooked():
            for _ in range(self.max_tokens):
                # Modes and the recording end before each yield: what runs in between is not part of this call.
                with torch.inference_mode(), recorder.active():
                    output = self._decoder(
                        input_ids=torch.tensor([[last]], device=picture.states.device),
                        encoder_hidden_states=picture.states,
                        past_key_values=cache,
                        use_cache=True,
                    )
                    cache = output.past_key_values
                    rows.add(recorder.take())
                    ranked = most_likely(output.logits[0, -1].float().softmax(-1), _CANDIDATES)
                last = ranked[0][0]
                if last == self._vocabulary.end:
                    return
                written.append(self._written(ranked))
                yield written[-1], self._trace(written, rows.records())

    def text(self, ids: Iterable[int]) -> str:
        """The caption that these tokens spell."""
        return self._vocabulary.decode(list(ids))

    def gradient_traces(self, picture: Picture, ids: list[int], indices: Iterable[int]) -> Iterator[Trace]:
        """For each index the trace of the caption `ids` with the gradient of that token's log-odds: one forward."""
        recorder = Recorder(self._sites, differentiable=True)
        with recorder.hooked(), recorder.active(), differentiable():
            read = torch.tensor([[self._vocabulary.start, *ids[:-1]]], device=picture.states.device)
            logits: Tensor = self._decoder(
                encoder_embeds=embed(self._decoder.bert, read), encoder_hidden_states=picture.states, use_cache=False
            ).logits[0]
            scores = [log_odds(logits[i], ids[i]) for i in indices]
        taken = recorder.take()
        segment = self._segment([self._vocabulary.read(i) for i in ids])
        for score in scores:
            yield Trace({"image": self._eyes.segment, "caption": segment}, to_records(taken, score))

    def picture_score(self, picture: Picture, ids: list[int]) -> PictureScore:
        """The last token's log-odds given those before it, as a function of the picture."""
        read = torch.tensor([self._vocabulary.start, *ids[:-1]], device=picture.states.device)

        def score(states: Tensor) -> Tensor:
            with differentiable():
                logits: Tensor = self._decoder(
                    encoder_embeds=embed(self._decoder.bert, read.expand(len(states), -1)),
                    encoder_hidden_states=states,
                    use_cache=False,
                    logits_to_keep=1,
                ).logits[:, 0]
                return torch.stack([log_odds(row, ids[-1]) for row in logits])

        return self._eyes.score(picture.image, score)

    def variants(self, picture: Picture, ids: list[int], last: int, removal: str) -> Callable[[np.ndarray], np.ndarray]:
        """How probable a caption's last tokens are of the picture with parts missing (see `Captioner`)."""
        seen = PictureVariants(self._eyes, picture, removal)
        device = picture.states.device
        read = torch.tensor([self._vocabulary.start, *ids[:-1]], device=device)
        targets = torch.tensor(ids[-last:], device=device)

        def probabilities(patches: np.ndarray) -> np.ndarray:
            found = np.empty((len(patches), last))
            for part in chunks(len(patches)):
                some = part.stop - part.start
                with torch.inference_mode():
                    states, visible = seen(patches[part])
                    logits: Tensor = self._decoder(
                        input_ids=read.expand(some, -1),
                        encoder_hidden_states=states,
                        encoder_attention_mask=mask_of(visible, states),
                        use_cache=False,
                        logits_to_keep=last,
                    ).logits
                    chances = logits.float().softmax(-1).gather(-1, targets.expand(some, -1)[..., None])
                found[part] = chances[..., 0].cpu()
            return found

        return probabilities

    def randomised(self) -> Iterator[tuple[str, Self]]:
        """Copies of the model with ever more layers randomised, top to bottom: what is randomised so far, and the copy.

        Each copy is good until the next is asked for.
        """
        model = independent(self._model)
        decoder, vision = model.text_decoder, model.vision_model
        words, patches = decoder.bert.encoder.layer, vision.encoder.layers
        stages: list[tuple[str, Iterable[nn.Module]]] = [
            ("caption decoder, last layer", [decoder.cls.predictions.transform, words[-1]]),
            ("caption decoder, upper half", words[len(words) // 2 :]),
            ("caption decoder", [decoder]),
            ("+ vision encoder, upper half", [vision.post_layernorm, *patches[len(patches) // 2 :]]),
            ("+ vision encoder: everything", [vision]),
        ]
        yield from forgetting(self, stages, lambda twin: twin._use(model, familiarity=None))

    def _written(self, ranked: list[tuple[int, float]]) -> Written:
        (token_id, probability), *others = ranked
        token, continues = self._vocabulary.read(token_id)
        runners_up = [(self._vocabulary.read(i)[0], p) for i, p in others]
        return Written(token_id, token, continues, probability, runners_up)

    def _trace(self, written: list[Written], records: list[Record]) -> Trace:
        segment = self._segment([(w.token, w.continues) for w in written])
        return Trace({"image": self._eyes.segment, "caption": segment}, records)

    def _segment(self, tokens: list[tuple[str, bool]]) -> Segment:
        text = ""
        offsets: list[tuple[int, int] | None] = []
        for token, continues in tokens:
            text += token if continues or not text else f" {token}"
            offsets.append((len(text) - len(token), len(text)))
        return Segment("caption", "text", tuple(token for token, _ in tokens), TextLayout(text, tuple(offsets)))


class _GrowingRows:
    """The attention of a decoder that runs one position at a time, put together without copying what was there."""

    def __init__(self, sites: list[Site], longest: int) -> None:
        self._longest = longest
        self._weights: dict[Site, Tensor] = {}
        self._length = 0

    def add(self, taken: list[tuple[Site, Tensor]]) -> None:
        """Take the rows of the next position: weights (1, heads, 1, keys so far)."""
        for site, weights in taken:
            heads, _, keys = weights.shape[1:]
            if site not in self._weights:
                width = self._longest if site.kind == "self" else keys
                self._weights[site] = weights.new_zeros((heads, self._longest, width), dtype=torch.float32)
            self._weights[site][:, self._length, :keys] = weights[0, :, 0]
        self._length += 1

    def records(self) -> list[Record]:
        """One record per site over all positions so far; later rows never change what these show."""
        n = self._length
        return [
            Record(s.layer, s.kind, s.query, s.key, w[:, :n, :n] if s.kind == "self" else w[:, :n])
            for s, w in self._weights.items()
        ]
