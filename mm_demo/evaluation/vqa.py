"""Measures a question-answering checkpoint on pictures whose truth is known."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from PIL import Image

from mm_demo.evaluation.familiarity import familiar_share, photographs_in
from mm_demo.evaluation.pictures import SETS, seeds
from mm_demo.evaluation.pointing import pointing_score
from mm_demo.evidence.pointing import Inside, pointing
from mm_demo.scenes import Scene, SceneObject
from mm_demo.scenes.questions import ASKERS, Question, ask
from mm_demo.scenes.wording import misspell, vary
from mm_demo.tasks.opening import open_task
from mm_demo.tasks.results import VqaResult
from mm_demo.tasks.vqa import VqaTask

QUESTIONS = 8
"""Questions a picture, of different types."""
_POINTED = ("color", "kind", "where")
_WORDINGS: dict[str, Callable[[str, Random], str]] = {
    "as asked": lambda text, rng: f"{text}?",
    "capitals": lambda text, rng: f"{text}?".upper(),
    "no question mark": lambda text, rng: text,
    "one word misspelt": lambda text, rng: f"{misspell(text, rng)}?",
    "with a word it does not know": lambda text, rng: f"{rng.choice(('kindly', 'yo', 'computer', 'listen'))} {text}?",
}


def evaluate(
    seed: int = 0, n: int = 250, model: str | None = None, device: str | None = None, photographs: Path | None = None
) -> dict[str, Any]:
    """Accuracy on each set of pictures, per type of question, beside always giving the type's commonest answer.

    Args:
        seed: chooses the pictures and the questions.
        n: pictures a set.
        model, device: as in `mm_demo.load`.
        photographs: a folder of real photographs, to see how many are taken for something familiar.
    """
    task = open_task("vqa", model, device)
    if not isinstance(task, VqaTask):
        raise TypeError("the task that opened is not vqa")
    scenes = {name: [draw(s) for s in seeds(seed, n)] for name, draw in SETS.items()}
    pictures = {name: [Image.fromarray(scene.picture) for scene in found] for name, found in scenes.items()}
    measured = {name: _measure(task, found, seed) for name, found in scenes.items()}
    own = scenes["held-out scenes"]
    return {
        "task": "vqa",
        "model": task.info.id,
        "seed": seed,
        "pictures": n,
        "accuracy": {name: found["overall"] for name, found in measured.items()},
        "by type": {name: found["types"] for name, found in measured.items()},
        "pointing": {name: found["pointing"] for name, found in measured.items()},
        "pointing by method": _methods(task, own[: n // 2 + 1], seed),
        "wording": _wordings(task, own, seed),
        "familiar": familiar_share(task, {**pictures, **photographs_in(photographs)}),
    }


def questions_for(scene: Scene, rng: Random) -> list[Question]:
    """At most `QUESTIONS` questions on a scene, each of another type."""
    names = rng.sample(list(ASKERS), len(ASKERS))
    asked = (ask(scene.objects, rng, name) for name in names)
    return [question for question in asked if question is not None][:QUESTIONS]


def _measure(task: VqaTask, scenes: list[Scene], seed: int) -> dict[str, Any]:
    answers: dict[str, list[tuple[str, str]]] = defaultdict(list)
    pointed: list[Inside] = []
    for index, scene in enumerate(scenes):
        rng = Random(seed * 1_000_003 + index)
        picture = Image.fromarray(scene.picture)
        for question in questions_for(scene, rng):
            result = task(picture, vary(question.text, rng, typos=0.0))
            answers[question.type].append((result.answer, question.answer))
            if question.type in _POINTED and result.answer == question.answer:
                about = scene.objects[question.about[0]]
                pointed.append(pointing(result.image_map, about.mask))
    every = [pair for pairs in answers.values() for pair in pairs]
    majority = sum(_majority(pairs) * len(pairs) for pairs in answers.values()) / len(every)
    return {
        "overall": {"n": len(every), "accuracy": _accuracy(every), "baseline": majority},
        "types": {
            name: {"n": len(pairs), "accuracy": _accuracy(pairs), "baseline": _majority(pairs)}
            for name, pairs in sorted(answers.items())
        },
        "pointing": pointing_score(pointed),
    }


def _methods(task: VqaTask, scenes: list[Scene], seed: int) -> dict[str, Any]:
    """The pointing game for every method on the same right answers, one question a scene."""
    pointed: dict[str, list[Inside]] = defaultdict(list)
    for answer in right_answers(task, scenes, seed):
        for method in task.methods:
            shown = task.explain(answer.result, method.name).image_map
            pointed[method.label].append(pointing(shown, answer.about.mask))
    return {name: pointing_score(found) for name, found in pointed.items()}


@dataclass(frozen=True)
class RightAnswer:
    """A right answer to a question of type "color", "kind" or "where", and the object it is about."""

    type: str
    result: VqaResult
    about: SceneObject


def right_answers(task: VqaTask, scenes: Iterable[Scene], seed: int) -> Iterator[RightAnswer]:
    """One question a scene about one object, the types in turn; those that are answered right."""
    for index, scene in enumerate(scenes):
        question = ask(scene.objects, Random(seed * 104_729 + index), _POINTED[index % len(_POINTED)])
        if question is None:
            continue
        result = task(Image.fromarray(scene.picture), f"{question.text}?")
        if result.answer == question.answer:
            yield RightAnswer(question.type, result, scene.objects[question.about[0]])


def _wordings(task: VqaTask, scenes: list[Scene], seed: int) -> dict[str, Any]:
    right: dict[str, list[bool]] = defaultdict(list)
    for index, scene in enumerate(scenes[: max(1, len(scenes) // 4)]):
        rng = Random(seed * 7_919 + index)
        picture = Image.fromarray(scene.picture)
        for question in questions_for(scene, rng)[:4]:
            for name, say in _WORDINGS.items():
                right[name].append(task(picture, say(question.text, rng)).answer == question.answer)
    return {name: {"n": len(found), "accuracy": sum(found) / len(found)} for name, found in right.items()}


def _accuracy(pairs: list[tuple[str, str]]) -> float:
    return sum(given == true for given, true in pairs) / len(pairs)


def _majority(pairs: list[tuple[str, str]]) -> float:
    return Counter(true for _, true in pairs).most_common(1)[0][1] / len(pairs)
