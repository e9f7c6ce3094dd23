"""Which explanation method finds what a sentiment rests on: remove what it marks, and see the answer fall."""

from __future__ import annotations

from collections import defaultdict
from random import Random
from typing import Any

import numpy as np

from mm_demo.attention.methods import METHODS
from mm_demo.evidence.probe import Part
from mm_demo.models.speech import RATE
from mm_demo.tasks.sentiment import SentimentTask
from mm_demo.tasks.sentiment_probe import shown_relevance
from mm_demo.tasks.sentiment_result import SentimentResult

SHARE = 0.2
"""How much of the sound, or of the words, is removed."""
_RANDOM = 3


def deletion_of_sound(task: SentimentTask, sounds: list[np.ndarray], seed: int) -> dict[str, Any]:
    """By method, how far the answer's probability falls when the fifth that it marks is silenced; words left out."""
    return _deletion(task, [task((RATE, samples), text="") for samples in sounds], "audio", seed)


def deletion_of_words(task: SentimentTask, texts: list[str], seed: int) -> dict[str, Any]:
    """By method, how far the answer's probability falls with the fifth of the tokens that it marks masked; no voice."""
    return _deletion(task, [task(text=text) for text in texts], "text", seed)


def _deletion(task: SentimentTask, results: list[SentimentResult], part: Part, seed: int) -> dict[str, Any]:
    rng = Random(seed)
    drops: dict[str, list[float]] = defaultdict(list)
    for result in results:
        probe = task.probe(result, part)
        count = len(probe.labels)
        orders = [
            (METHODS[name].label, np.argsort(-shown_relevance(task.explain(result, name), part), kind="stable"))
            for name in METHODS
        ]
        orders += [("random", np.array(rng.sample(range(count), count))) for _ in range(_RANDOM)]
        kept = np.ones((1 + len(orders), count), bool)
        for row, (_, order) in zip(kept[1:], orders, strict=True):
            row[order[: max(1, round(SHARE * count))]] = False
        whole, *rest = probe.score(kept)
        for (label, _), left in zip(orders, rest, strict=True):
            drops[label].append(float(whole - left))
    return _table(drops, len(results))


def _table(drops: dict[str, list[float]], n: int) -> dict[str, Any]:
    return {
        "n": n,
        "removed": SHARE,
        "fall of the answer's probability": {
            label: {"mean": float(np.mean(found)), "standard error": float(np.std(found) / np.sqrt(len(found)))}
            for label, found in drops.items()
        },
    }
