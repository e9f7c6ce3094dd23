"""Which explanation is true of which model: every method on what a model says of an object that is known."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np

from mm_demo.attention.methods import METHODS
from mm_demo.errors import UserError
from mm_demo.evaluation.known import Explained, Known, known_answers, known_matches, known_words
from mm_demo.evaluation.pictures import SETS, seeds
from mm_demo.evidence.calibration import judge_both, summary
from mm_demo.evidence.deletion import gather
from mm_demo.evidence.pointing import Inside, coverage, mass, pointing
from mm_demo.evidence.verdict import Verdict
from mm_demo.models.blip import BlipAnswerer, BlipCaptioner
from mm_demo.models.catalog import cards_for
from mm_demo.models.clip.matcher import DualEncoder
from mm_demo.models.loading import open_model
from mm_demo.tasks.methods import DEFAULT_METHODS

_TASKS = ("vqa", "caption", "retrieval")
_WEIGHED, _JUDGED = 0.3, 0.5
"""Shares of n: so many answers are asked for again in every method's order, which takes seconds each, and so many are
judged with a perfect and with a shuffled map."""
_ORDERS = 20
_TIES = 1e-3
"""Noise on a perfect map, which orders the patches that the object covers alike."""
_PERFECT, _RANDOM = "The object itself", "Random"


def evaluate(seed: int = 0, n: int = 200, model: str | None = None, device: str | None = None) -> dict[str, Any]:
    """Pointing, mass, deletion and time of every method, and how often the verdict on a map of known worth is right.

    Args:
        seed: chooses the pictures, the questions and the words.
        n: pictures.
        model: one of the embedded checkpoints for pictures; where None, the one that each task opens by itself.
        device: as in `mm_demo.load`.

    Raises:
        UserError: the model is none of them.
    """
    known = {card.id: task for task in _TASKS for card in cards_for(task, "embedded")}
    if model is not None and model not in known:
        raise UserError(f"Explanations can't be compared on '{model}'; choose one of: {', '.join(known)}.")
    chosen = [model] if model is not None else [cards_for(task, "embedded")[0].id for task in _TASKS]
    return {
        "task": "explanations",
        "seed": seed,
        "pictures": n,
        **{name: _explained(open_model(known[name], name, device), known[name], seed, n) for name in chosen},
    }


def compare(found: Iterable[Known], default: str, weighed: int, judged: int, seed: int) -> dict[str, Any]:
    """The figures of every method, of the default one by type, and of the verdicts by type.

    Args:
        found: what is known, with the maps of every method.
        default: label of the method that is shown by type.
        weighed: so many, the first, are asked for again in every method's order.
        judged: so many are judged with a perfect and with a shuffled map.
        seed: draws random orders and maps.
    """
    rows: dict[str, _Row] = defaultdict(_Row)
    by_type: dict[str, _Row] = defaultdict(_Row)
    verdicts: dict[str, list[tuple[Verdict, Verdict]]] = defaultdict(list)
    rng = np.random.default_rng(seed)
    for index, known in enumerate(found):
        perfect = _perfect(known, rng)
        noise = Explained(rng.random(perfect.map.shape), 0.0)
        for label, explained in {**known.maps, _RANDOM: noise, _PERFECT: perfect}.items():
            typed = [by_type[known.type]] if label == default else []
            for row in (rows[label], *typed):
                row.point(explained, known.mask)
                if index < weighed:
                    row.weigh(explained, known, seed + index)
        if index < judged:
            oracle = replace(known.probe, relevance=perfect.map.ravel())
            verdicts[known.type].append(judge_both(oracle, seed=seed + index))
    return {
        "methods": {label: row.figures() for label, row in rows.items()},
        f"{default}, by type": {kind: row.figures() for kind, row in sorted(by_type.items())},
        "verdicts": {kind: asdict(summary(both)) for kind, both in sorted(verdicts.items())},
    }


@dataclass
class _Row:
    """What was found of one method."""

    pointed: list[Inside] = field(default_factory=list)
    inside: list[Inside] = field(default_factory=list)
    milliseconds: list[float] = field(default_factory=list)
    gains: list[float] = field(default_factory=list)
    above_all: list[bool] = field(default_factory=list)

    def point(self, explained: Explained, mask: np.ndarray) -> None:
        self.pointed.append(pointing(explained.map, mask))
        self.inside.append(mass(explained.map, mask))
        self.milliseconds.append(explained.milliseconds)

    def weigh(self, explained: Explained, known: Known, seed: int) -> None:
        *_, evidence = gather(replace(known.probe, relevance=explained.map.ravel()), random_orders=_ORDERS, seed=seed)
        self.gains.append(evidence.srg)
        self.above_all.append(evidence.percentile == 1)

    def figures(self) -> dict[str, Any]:
        """Shares 0…1; `SRG` is the mean of the gains, None without any; milliseconds are the median."""
        (peak, chance), (share, area) = np.mean(self.pointed, axis=0), np.mean(self.inside, axis=0)
        return {
            "n": len(self.pointed),
            "peak on object": float(peak),
            "chance": float(chance),
            "mass on object": float(share),
            "its area": float(area),
            "n SRG": len(self.gains),
            "SRG": float(np.mean(self.gains)) if self.gains else None,
            f"above {_ORDERS} random": float(np.mean(self.above_all)) if self.gains else None,
            "ms": float(np.median(self.milliseconds)),
        }


def _explained(model: object, task: str, seed: int, n: int) -> dict[str, Any]:
    weighed, judged = (max(1, round(share * n)) for share in (_WEIGHED, _JUDGED))
    draw, pictures = SETS["held-out scenes"], seeds(seed, n)
    if isinstance(model, BlipAnswerer):
        found = known_answers(model, map(draw, pictures), seed, costly=weighed)
    elif isinstance(model, BlipCaptioner):
        found = known_words(model, map(draw, pictures), seed, costly=weighed)
    elif isinstance(model, DualEncoder):
        found = known_matches(model, draw, pictures, seed, costly=weighed)
    else:
        raise TypeError(f"nothing is known of what a {type(model).__name__} says")
    return compare(found, METHODS[DEFAULT_METHODS[task, model.family]].label, weighed, judged, seed)


def _perfect(known: Known, rng: np.random.Generator) -> Explained:
    """The share of each patch that the object covers."""
    rows, cols = next(iter(known.maps.values())).map.shape
    return Explained(coverage(known.mask, rows, cols) + rng.uniform(0, _TIES, (rows, cols)), 0.0)
