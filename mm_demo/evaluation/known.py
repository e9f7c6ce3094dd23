"""Answers and words whose object in the picture is known, each explained by every method."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from itertools import count
from random import Random
from time import perf_counter
from typing import TypeVar

import numpy as np
from PIL import Image

from mm_demo.attention.methods import METHODS
from mm_demo.evaluation.attributions import grad_cam, hires_cam, integrated_gradients, occlusion
from mm_demo.evaluation.caption import color_words, kind_words
from mm_demo.evaluation.singling import single_out
from mm_demo.evaluation.vqa import RightAnswer, right_answers
from mm_demo.evidence.memory import Memory
from mm_demo.evidence.probe import Probe
from mm_demo.models.family import Answerer, Captioner, Matcher, PictureScore
from mm_demo.scenes import COLORS, KINDS, Scene, SceneObject
from mm_demo.scenes.named import named
from mm_demo.tasks.caption import CaptionTask
from mm_demo.tasks.methods import MethodInfo
from mm_demo.tasks.results import CaptionResult
from mm_demo.tasks.retrieval import RetrievalTask
from mm_demo.tasks.retrieval_result import Query
from mm_demo.tasks.vqa import VqaTask

_TOGETHER = 128
"""Most variants that a probe is asked for at once."""


@dataclass(frozen=True)
class Explained:
    """One method's map, (rows, cols), higher where more rests on it, and how long it took."""

    map: np.ndarray
    milliseconds: float


@dataclass(frozen=True)
class Known:
    """Something that a model said of one object.

    Attributes:
        type: what was asked or named.
        mask: (height, width) bool, the object.
        probe: asks for it again with patches missing; it remembers what it was asked.
        maps: by the method's label; the costly ones only where asked for. The time is what a map costs once the answer
            is there and the picture is encoded: another pass with gradients where the method needs them.
    """

    type: str
    mask: np.ndarray
    probe: Probe
    maps: dict[str, Explained]


def known_answers(model: Answerer, scenes: Iterable[Scene], seed: int, costly: int) -> Iterator[Known]:
    """Right answers to questions about one object (see `right_answers`).

    Args:
        model: that answers.
        scenes: one question each.
        seed: chooses the questions.
        costly: so many of the answers are explained by the methods that run the model dozens of times too.
    """
    task = VqaTask(model)
    for index, answer in enumerate(right_answers(task, scenes, seed)):
        yield _known_answer(model, task, answer, index < costly)


def known_words(model: Captioner, scenes: Iterable[Scene], seed: int, costly: int) -> Iterator[Known]:
    """One word of each caption that names a kind, and one that names a colour, each of one object.

    Arguments as of `known_answers`.
    """
    task = CaptionTask(model)
    given = 0
    for index, scene in enumerate(scenes):
        result = task(Image.fromarray(scene.picture))
        rng = Random(seed * 15_485_863 + index)
        chosen = _one_each(rng, kind_words(result, scene), color_words(result, scene))
        maps = _word_maps(model, task, result) if chosen else {}
        for kind, place, about in chosen:
            probe = _remembering(task.probe(result, place))
            score = partial(model.picture_score, model.look(result.image), result.token_ids[: place + 1])
            own = {label: Explained(each[place], ms) for label, (each, ms) in maps.items()}
            yield Known(kind, about.mask, probe, own | _attributed(score, probe, given < costly))
            given += 1


def known_matches(
    model: Matcher, draw: Callable[[int], Scene], seeds: range, seed: int, costly: int
) -> Iterator[Known]:
    """Of the words by which a picture is found one that names a kind, and one that names a colour, each of one object.

    Other arguments as of `known_answers`.

    Args:
        draw: a scene from its seed; each is found by a text that fits no other.
        seeds: of the first scenes to try, and how many are wanted.
    """
    task = RetrievalTask(model)
    given = 0
    for index, one in enumerate(single_out(draw, count(seeds.start), len(seeds))):
        objects = draw(one.seed).objects
        query = Query(one.told.text)
        matches = {m.label: _clock(partial(task.explain, one.picture, query, m.name)) for m in task.methods}
        match, _ = matches[task.methods[0].label]
        meant = [(place, word.word, named(objects, word.word)) for place, word in enumerate(match.words)]
        kinds, colors = (
            [(place, about) for place, word, about in meant if about is not None and word in names]
            for names in (KINDS, COLORS)
        )
        for kind, place, about in _one_each(Random(seed * 15_485_863 + index), kinds, colors):
            maps = {
                label: Explained(found.words[place].map, took / len(found.words))
                for label, (found, took) in matches.items()
            }
            probe = _remembering(task.probe(match, word=place))
            if given < costly:
                maps["Occlusion"] = _timed(partial(_occluded, probe))
            yield Known(kind, about.mask, probe, maps)
            given += 1


def _one_each(
    rng: Random, kinds: list[tuple[int, SceneObject]], colors: list[tuple[int, SceneObject]]
) -> list[tuple[str, int, SceneObject]]:
    found = {"kind word": kinds, "color word": colors}
    return [(kind, *rng.choice(words)) for kind, words in found.items() if words]


def _known_answer(model: Answerer, task: VqaTask, answer: RightAnswer, costly: bool) -> Known:
    result = answer.result
    picture, spelling = model.look(result.image), result.spellings[0]

    def traced(name: str, layer: int | None) -> np.ndarray:
        given = result
        if METHODS[name].needs_gradient:
            given = replace(result, trace=model.explain(picture, result.question, spelling))
        return task.explain(given, name, layer).image_map

    maps = {label: _timed(partial(traced, name, layer)) for label, name, layer in _ways(task.methods, model)}
    probe = _remembering(task.probe(result, "image"))
    score = partial(model.picture_score, picture, result.question, spelling)
    return Known(answer.type, answer.about.mask, probe, maps | _attributed(score, probe, costly))


def _word_maps(model: Captioner, task: CaptionTask, result: CaptionResult) -> dict[str, tuple[list[np.ndarray], float]]:
    """By the method's label: one map a token, and the milliseconds that one took."""
    found = {}
    for label, name, layer in _ways(task.methods, model):
        maps, total = _clock(partial(task.explain, result, name, layer))
        found[label] = maps, total / len(maps)
    return found


def _ways(methods: Iterable[MethodInfo], model: Answerer | Captioner) -> Iterator[tuple[str, str, int | None]]:
    """(label, method, layer): every method over all layers, and attention on each layer alone."""
    for method in methods:
        yield method.label, method.name, None
        if method.name == "raw":
            for layer in range(model.info.layers):
                yield f"{method.label}, layer {layer}", method.name, layer


def _attributed(score: Callable[[], PictureScore], probe: Probe, costly: bool) -> dict[str, Explained]:
    maps = {"Grad-CAM": _timed(lambda: grad_cam(score())), "HiResCAM": _timed(lambda: hires_cam(score()))}
    if costly:
        maps["Integrated gradients"] = _timed(lambda: integrated_gradients(score()))
        maps["Occlusion"] = _timed(partial(_occluded, probe))
    return maps


def _occluded(probe: Probe) -> np.ndarray:
    return occlusion(probe).reshape(probe.shape)


T = TypeVar("T")


def _remembering(probe: Probe) -> Probe:
    return replace(probe, score=Memory(probe, _TOGETHER).score)


def _clock(make: Callable[[], T]) -> tuple[T, float]:
    start = perf_counter()
    made = make()
    return made, 1000 * (perf_counter() - start)


def _timed(make: Callable[[], np.ndarray]) -> Explained:
    return Explained(*_clock(make))
