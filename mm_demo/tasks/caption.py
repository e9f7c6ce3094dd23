"""A picture in, a caption out, with the part of the picture that each word came from."""

from __future__ import annotations

import math
from collections.abc import Generator, Iterator
from dataclasses import replace

import numpy as np
from PIL.Image import Image

from mm_demo.attention.methods import Method
from mm_demo.attention.trace import Trace
from mm_demo.errors import UserError
from mm_demo.evidence.probe import Part, Probe
from mm_demo.models.family import Captioner, Picture, Written
from mm_demo.tasks.inputs import read_image
from mm_demo.tasks.maps import image_map
from mm_demo.tasks.methods import live_method
from mm_demo.tasks.ownership import own_result
from mm_demo.tasks.picture_task import PictureTask
from mm_demo.tasks.removals import choose_removal
from mm_demo.tasks.results import CaptionResult, CaptionStep, ImageSource

_UNCHOSEN = ("default", None, None)
"""Method, layer and head where nobody chose any."""

_HALVES = 16
"""Random halves of the picture that tell how much a word rests on it."""

_ABOUT = 0.9
"""Share of the largest loss that is about as much."""


class CaptionTask(PictureTask[Captioner]):
    """Captions pictures. One task serves many threads at once.

    Attributes:
        removals: for "image" the ways in which parts can be taken away, the default first.
        live_method: name of the method for maps that keep pace with the words.

    Args:
        model: an opened captioner.
    """

    name = "caption"

    def __init__(self, model: Captioner) -> None:
        super().__init__(model)
        self.removals: dict[Part, tuple[str, ...]] = {"image": model.patch_removals}
        self.live_method = live_method(self.name, model.family)

    def __call__(
        self, image: ImageSource, method: str = "default", layer: int | None = None, head: int | None = None
    ) -> CaptionResult:
        """The whole caption.

        Args:
            image: a path, a PIL image or an array (height, width[, channels]).
            method: name of an explanation method, "default" for the one that points best.
            layer: only this layer, where the method lets you choose.
            head: only this head, likewise.

        Raises:
            UserError: the picture can't be read, or there is no such method, layer or head.
        """
        chosen = self._choose(method, layer, head)
        picture = self._model.look(read_image(image))
        written: list[Written] = []
        trace = Trace()
        for token, so_far in self._model.write(picture):
            written.append(token)
            trace = so_far
        maps = self._maps(chosen, picture.image, trace, [token.id for token in written], layer, head)
        steps = [_step(i, token, shown) for i, (token, shown) in enumerate(zip(written, maps, strict=True))]
        return self._result(picture, written, steps, trace, chosen)

    def stream(
        self, image: ImageSource, method: str = "default", layer: int | None = None, head: int | None = None
    ) -> Generator[CaptionStep, None, CaptionResult]:
        """Each token as soon as the model made it, with its map; arguments and errors as in a call.

        The generator's return value is the result that a call would have given: `result = yield from task.stream(…)`.
        Where no method, layer or head is chosen, its maps are the default method's, and those of the steps
        `live_method`'s, which costs no backward pass for every word.
        """
        final = self._choose(method, layer, head)
        chosen = self._choose(self.live_method, None, None) if (method, layer, head) == _UNCHOSEN else final
        picture = self._model.look(read_image(image))
        written: list[Written] = []
        steps: list[CaptionStep] = []
        trace = Trace()
        for index, (token, so_far) in enumerate(self._model.write(picture)):
            written.append(token)
            trace = explained = so_far
            if chosen.needs_gradient:
                ids = [token.id for token in written]
                explained = next(self._model.gradient_traces(picture, ids, [index]))
            steps.append(_step(index, token, _map(chosen, explained, index, layer, head)))
            yield steps[-1]
        if final is not chosen:
            maps = self._maps(final, picture.image, trace, [token.id for token in written], layer, head)
            steps = [replace(step, map=shown) for step, shown in zip(steps, maps, strict=True)]
        return self._result(picture, written, steps, trace, final)

    def explain(
        self, result: CaptionResult, method: str, layer: int | None = None, head: int | None = None
    ) -> list[np.ndarray]:
        """One (rows, cols) map per token of the caption, by another method; the caption is not made again.

        Raises:
            UserError: there is no such method, layer or head, or the result is another model's.
        """
        own_result(self.info.id, result.model)
        chosen = self._choose(method, layer, head)
        return self._maps(chosen, result.image, result.trace, result.token_ids, layer, head)

    def probe(self, result: CaptionResult, index: int, removal: str = "default") -> Probe:
        """The probability of one token, given those before it, asked again with patches missing.

        Args:
            result: of a call or a stream.
            index: of the token, whose map is to be checked.
            removal: one of `removals["image"]`.

        Raises:
            UserError: there is no such token or removal, or the result is another model's.
        """
        own_result(self.info.id, result.model)
        way = choose_removal(self.removals, "image", removal)
        step = _word(result, index)
        ids = result.token_ids[: index + 1]
        variants = self._model.variants(self._model.look(result.image), ids, 1, way)
        return Probe(
            part="image",
            answer=step.token,
            unit="probability",
            removal=way,
            labels=("",) * step.map.size,
            shape=step.map.shape,
            relevance=step.map.ravel(),
            score=lambda keep: variants(keep)[:, 0],
        )

    def telling_word(self, result: CaptionResult) -> int:
        """The index of the token that loses most probability, on average, as a random half of the picture goes.

        Of several that lose about as much the first, because the fewer words stand before it, the less can it owe to
        them. The halves know nothing of the words' maps, so that no word is chosen because its map looks good. Where
        there are others, words that hold a sentence together ("and", "above", commas) don't count.

        Raises:
            UserError: the caption is empty, or another model's.
        """
        from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS  # A second, which no caption need wait for.

        own_result(self.info.id, result.model)
        patches = _word(result, 0).map.size
        halves = np.random.default_rng(0).permuted(np.tile(np.arange(patches) < patches / 2, (_HALVES, 1)), axis=1)
        ids = result.token_ids
        variants = self._model.variants(self._model.look(result.image), ids, len(ids), self.removals["image"][0])
        lost = np.array([step.probability for step in result.tokens]) - variants(halves).mean(0)
        binding = np.array([not s.token.isalpha() or s.token.lower() in ENGLISH_STOP_WORDS for s in result.tokens])
        if not binding.all():
            lost[binding] = -1
        return int(np.argmax(lost >= _ABOUT * lost.max()))

    def randomised(
        self, result: CaptionResult, index: int, layer: int | None = None, head: int | None = None
    ) -> Iterator[tuple[str, np.ndarray]]:
        """What the result's method would show of a model that has lost ever more of what it learnt, top to bottom.

        The same picture and caption; see Adebayo et al. 2018. On a copy: the shared model stays as it is.

        Args:
            result: of a call or a stream.
            index: of the token.
            layer: as the result was explained.
            head: likewise.

        Yields:
            (what is randomised so far, (rows, cols) map of the token).

        Raises:
            UserError: there is no such token, layer or head, or the result is another model's.
        """
        own_result(self.info.id, result.model)
        chosen = self._choose(result.method, layer, head)
        _word(result, index)
        for label, model in self._model.randomised():
            picture = model.look(result.image)
            trace = next(iter(model.gradient_traces(picture, result.token_ids, [index])))
            yield label, _map(chosen, trace, index, layer, head)

    def _maps(
        self, method: Method, image: Image, trace: Trace, ids: list[int], layer: int | None, head: int | None
    ) -> list[np.ndarray]:
        if not method.needs_gradient or not ids:
            return [_map(method, trace, i, layer, head) for i in range(len(ids))]
        traces = self._model.gradient_traces(self._model.look(image), ids, range(len(ids)))
        return [_map(method, explained, i, layer, head) for i, explained in enumerate(traces)]

    def _result(
        self, picture: Picture, written: list[Written], steps: list[CaptionStep], trace: Trace, method: Method
    ) -> CaptionResult:
        ids = [token.id for token in written]
        caption = self._model.text(ids)
        return CaptionResult(
            answer=caption,
            candidates=[(caption, math.prod(token.probability for token in written))],
            tokens=steps,
            familiar=picture.familiar,
            familiarity=picture.familiarity,
            trace=trace,
            image=picture.image,
            method=method.name,
            model=self.info.id,
            token_ids=ids,
        )


def _word(result: CaptionResult, index: int) -> CaptionStep:
    if not 0 <= index < len(result.tokens):
        raise UserError(f"There is no word {index} to check; this caption has {len(result.tokens)}.")
    return result.tokens[index]


def _map(method: Method, trace: Trace, index: int, layer: int | None, head: int | None) -> np.ndarray:
    return image_map(trace.segments["image"], method(trace, "caption", index, layer, head)["image"])


def _step(index: int, token: Written, shown: np.ndarray) -> CaptionStep:
    return CaptionStep(
        index=index,
        token=token.token,
        continues=token.continues,
        probability=token.probability,
        runners_up=token.runners_up,
        map=shown,
    )
