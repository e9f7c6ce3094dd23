"""Measures a retrieval checkpoint on galleries whose truth is known."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
from sklearn.metrics import top_k_accuracy_score

from mm_demo.evaluation.familiarity import familiar_share, photographs_in
from mm_demo.evaluation.pictures import SETS, seeds
from mm_demo.evaluation.pointing import pointing_score
from mm_demo.evaluation.singling import SingledOut, single_out
from mm_demo.evidence.pointing import Inside, pointing
from mm_demo.scenes import COLORS, KINDS
from mm_demo.scenes.descriptions import Description, Mention, tell
from mm_demo.tasks.opening import open_task
from mm_demo.tasks.retrieval import RetrievalTask
from mm_demo.tasks.retrieval_result import Match, Query

_FIRST = (1, 5, 10)
_POINTED = 8
"""One picture in so many is asked where its words are."""


def evaluate(
    seed: int = 0, n: int = 1000, model: str | None = None, device: str | None = None, photographs: Path | None = None
) -> dict[str, Any]:
    """Recall both ways, hits for single objects, and words that point at their object, on galleries of n pictures.

    Beside each figure stands what chance would give.

    Args:
        seed: chooses the pictures.
        n: pictures a gallery.
        model, device: as in `mm_demo.load`.
        photographs: a folder of real photographs, to see how many are taken for something familiar.
    """
    task = open_task("retrieval", model, device)
    if not isinstance(task, RetrievalTask):
        raise TypeError("the task that opened is not retrieval")
    galleries = {name: single_out(draw, count(seeds(seed, n).start), n) for name, draw in SETS.items()}
    cosines = {
        name: task.similarities([one.told.text for one in gallery], [one.picture for one in gallery])
        for name, gallery in galleries.items()
    }
    return {
        "task": "retrieval",
        "model": task.info.id,
        "seed": seed,
        "pictures": n,
        "text to image": {name: recall(found) for name, found in cosines.items()},
        "image to text": {name: recall(found.T) for name, found in cosines.items()},
        "one object": {name: _one_object(task, gallery) for name, gallery in galleries.items()},
        "pointing": {name: _pointing(task, name, gallery) for name, gallery in galleries.items()},
        "contributions": {name: _contributions(task, gallery) for name, gallery in galleries.items()},
        "pointing by method": {
            method.label: _pointing(task, "held-out scenes", galleries["held-out scenes"][: n // 2], method.name)
            for method in task.methods
        },
        "familiar": familiar_share(
            task,
            {
                **{name: [one.picture for one in gallery[:200]] for name, gallery in galleries.items()},
                **photographs_in(photographs),
            },
        ),
    }


def recall(cosines: np.ndarray) -> dict[str, Any]:
    """Share of queries whose own item is among the first 1, 5 and 10.

    Args:
        cosines: (queries, items); query i's own item is item i.
    """
    items = np.arange(len(cosines))
    found = {f"recall@{k}": float(top_k_accuracy_score(items, cosines, k=k, labels=items)) for k in _FIRST}
    return {"n": len(items), **found, "chance@1": 1 / len(items)}


def _one_object(task: RetrievalTask, gallery: Sequence[SingledOut]) -> dict[str, Any]:
    """For "a red star": the share of the first 10 hits that hold one, beside the share of the gallery that does."""
    rng = Random(0)
    pairs = sorted({(o.color, o.kind) for one in gallery for o in one.objects})
    asked = [Description((Mention(kind, color),)) for color, kind in pairs]
    true = np.array([[d.fits(one.objects) for one in gallery] for d in asked])
    enough = true.sum(1) >= 10
    texts = [tell(d, rng).text for d, usable in zip(asked, enough, strict=True) if usable]
    if not texts:
        return {"n": 0, "precision@10": 0.0, "baseline": 0.0}
    cosines = task.similarities(texts, [one.picture for one in gallery])
    first = np.argsort(-cosines, axis=1)[:, :10]
    right = np.take_along_axis(true[enough], first, axis=1)
    return {"n": len(texts), "precision@10": float(right.mean()), "baseline": float(true[enough].mean())}


def _pointing(
    task: RetrievalTask, name: str, gallery: Sequence[SingledOut], method: str | None = None
) -> dict[str, Any]:
    """For each kind and colour word that names an object: whether its map peaks on it."""
    found: list[Inside] = []
    for one in gallery[::_POINTED]:
        scene = SETS[name](one.seed)
        match = task.explain(one.picture, Query(one.told.text), method)
        meant = {place: _meant(one, index) for *place_, index in one.told.spans if (place := tuple(place_))}
        found += [pointing(word, scene.objects[at].mask) for word, at in _words(match, meant)]
    return pointing_score(found)


def _contributions(task: RetrievalTask, gallery: Sequence[SingledOut]) -> dict[str, Any]:
    """For "a red star": how often a true word adds to the score, and one that fits nothing there takes from it."""
    rng = Random(0)
    center = task.center([one.picture for one in gallery])
    true: list[bool] = []
    false: list[bool] = []
    for one in gallery[::_POINTED]:
        here = one.objects[0]
        colors = [color for color in COLORS if all(o.color != color for o in one.objects)]
        kinds = [kind for kind in KINDS if all(o.kind != kind for o in one.objects)]
        for color, kind in (
            (here.color, here.kind),
            (rng.choice(colors), here.kind),
            (here.color, rng.choice(kinds)),
        ):
            words = task.explain(one.picture, Query(f"a {color} {kind}"), center=center).words[1:]
            if (color, kind) == (here.color, here.kind):
                true += [word.contribution > 0 for word in words]
            else:
                false.append(words[color == here.color].contribution < 0)
    return {"n": len(true), "true words add": float(np.mean(true)), "false words take": float(np.mean(false))}


def _words(match: Match, meant: dict[tuple[int, ...], int | None]) -> list[tuple[np.ndarray, int]]:
    named = [(word.map, meant.get(word.place)) for word in match.words]
    return [(shown, at) for shown, at in named if at is not None]


def _meant(one: SingledOut, mention: int) -> int | None:
    """Which object a mention means; None where several fit it."""
    fitting = [i for i, o in enumerate(one.objects) if one.description.mentions[mention].fits(o)]
    return fitting[0] if len(fitting) == 1 else None
