"""Measures a captioning checkpoint on pictures whose truth is known."""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import Any

import numpy as np
from PIL import Image

from mm_demo.evaluation.facts import judge
from mm_demo.evaluation.familiarity import familiar_share, photographs_in
from mm_demo.evaluation.pictures import SETS, seeds
from mm_demo.evaluation.pointing import pointing_score
from mm_demo.evidence.pointing import Inside, pointing
from mm_demo.scenes import KINDS, Scene, SceneObject
from mm_demo.scenes.captions import caption_of
from mm_demo.scenes.named import named
from mm_demo.tasks.caption import CaptionTask
from mm_demo.tasks.opening import open_task
from mm_demo.tasks.results import CaptionResult


def evaluate(
    seed: int = 0, n: int = 250, model: str | None = None, device: str | None = None, photographs: Path | None = None
) -> dict[str, Any]:
    """Facts stated and true, objects named, and words that point at their object, on each set of pictures.

    The baseline beside each figure is a true caption of another picture of the same set, and a random patch.

    Args:
        seed: chooses the pictures.
        n: pictures a set.
        model, device: as in `mm_demo.load`.
        photographs: a folder of real photographs, to see how many are taken for something familiar.
    """
    task = open_task("caption", model, device)
    if not isinstance(task, CaptionTask):
        raise TypeError("the task that opened is not caption")
    scenes = {name: [draw(s) for s in seeds(seed, n)] for name, draw in SETS.items()}
    pictures = {name: [Image.fromarray(scene.picture) for scene in found] for name, found in scenes.items()}
    measured = {name: _measure(task, found, pictures[name]) for name, found in scenes.items()}
    return {
        "task": "caption",
        "model": task.info.id,
        "seed": seed,
        "pictures": n,
        **{
            figure: {name: found[figure] for name, found in measured.items()}
            for figure in next(iter(measured.values()))
        },
        "pointing by method": _methods(task, scenes["held-out scenes"][: n // 8 + 1]),
        "familiar": familiar_share(task, {**pictures, **photographs_in(photographs)}),
    }


def _measure(task: CaptionTask, scenes: list[Scene], pictures: list[Image.Image]) -> dict[str, Any]:
    facts: list[bool] = []
    named: list[bool] = []
    pointed: list[Inside] = []
    for scene, picture in zip(scenes, pictures, strict=True):
        result = task(picture)
        true, said = judge(result.answer, scene.objects)
        facts += true
        named += said
        pointed += _pointing(result, [step.map for step in result.tokens], scene)
    others = [caption_of(scene.objects, Random(0), "full") for scene in [*scenes[1:], scenes[0]]]
    guessed = [judge(caption, scene.objects) for caption, scene in zip(others, scenes, strict=True)]
    return {
        "facts true": {
            "n": len(facts),
            "accuracy": _share(facts),
            "baseline": _share([f for g, _ in guessed for f in g]),
        },
        "objects named": {
            "n": len(named),
            "accuracy": _share(named),
            "baseline": _share([f for _, g in guessed for f in g]),
        },
        "pointing": pointing_score(pointed),
    }


def _methods(task: CaptionTask, scenes: list[Scene]) -> dict[str, Any]:
    """The pointing game for every method on the same captions."""
    pointed: dict[str, list[Inside]] = {method.label: [] for method in task.methods}
    for scene in scenes:
        result = task(Image.fromarray(scene.picture))
        for method in task.methods:
            pointed[method.label] += _pointing(result, task.explain(result, method.name), scene)
    return {name: pointing_score(found) for name, found in pointed.items()}


def _pointing(result: CaptionResult, maps: list[np.ndarray], scene: Scene) -> list[Inside]:
    """For each kind's name in the caption that fits one object alone: whether its map peaks there, and the chance."""
    return [pointing(maps[index], about.mask) for index, about in kind_words(result, scene)]


def kind_words(result: CaptionResult, scene: Scene) -> list[tuple[int, SceneObject]]:
    """The words of a caption that name a kind which one object alone is of: (index of the token, the object)."""
    found = [(step.index, named(scene.objects, step.token)) for step in result.tokens if step.token in KINDS]
    return [(index, about) for index, about in found if about is not None]


def color_words(result: CaptionResult, scene: Scene) -> list[tuple[int, SceneObject]]:
    """The words that name the colour of such a kind, where no other object has it: likewise.

    Not after "an", which has told a colour already: of eight, only orange begins with a vowel.
    """
    words = [step.token for step in result.tokens]
    return [
        (index - 1, about)
        for index, about in kind_words(result, scene)
        if words[index - 1] == about.color
        and named(scene.objects, about.color) is about
        and words[max(index - 2, 0)] != "an"
    ]


def _share(values: list[bool]) -> float:
    return sum(values) / len(values) if values else 0.0
