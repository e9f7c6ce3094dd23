"""Which explanation method finds what a sentiment rests on: remove what it marks, and see the answer fall."""

from __future__ import annotations

from collections import defaultdict
from random import Random
from typing import Any

import numpy as np

from mm_demo.attention.methods import METHODS
from mm_demo.models.speech import RATE
from mm_demo.tasks.sentiment import SentimentTask
from mm_demo.tasks.sentiment_result import SentimentResult

SHARE = 0.2
"""How much of the sound, or of the words, is removed."""
_RANDOM = 3


def deletion_of_sound(task: SentimentTask, sounds: list[np.ndarray], seed: int) -> dict[str, Any]:
    """By method, how far the answer's probability falls when the fifth that it marks is silenced; words left out."""
    rng = Random(seed)
    drops: dict[str, list[float]] = defaultdict(list)
    for samples in sounds:
        result = task((RATE, samples), text="")
        if result.audio_map is None:
            raise TypeError("a voice was judged without a map")
        times = result.audio_map.times
        for name in METHODS:
            shown = task.explain(result, name).audio_map
            order = np.argsort(-shown.relevance) if shown is not None else np.arange(len(times))
            drops[METHODS[name].label].append(_drop(task, result, _silenced(samples, times, list(order)), ""))
        for _ in range(_RANDOM):
            order = np.array(rng.sample(range(len(times)), len(times)))
            drops["random"].append(_drop(task, result, _silenced(samples, times, list(order)), ""))
    return _table(drops, len(sounds))


def deletion_of_words(task: SentimentTask, texts: list[str], seed: int) -> dict[str, Any]:
    """By method, how far the answer's probability falls without the fifth of the tokens that it marks; no voice."""
    rng = Random(seed)
    drops: dict[str, list[float]] = defaultdict(list)
    for text in texts:
        result = task(text=text)
        count = len(result.text_tokens)
        for name in METHODS:
            tokens = task.explain(result, name).text_tokens
            order = sorted(range(count), key=lambda i: -tokens[i].relevance)
            drops[METHODS[name].label].append(_drop(task, result, None, _without(result, order)))
        for _ in range(_RANDOM):
            drops["random"].append(_drop(task, result, None, _without(result, rng.sample(range(count), count))))
    return _table(drops, len(texts))


def _drop(task: SentimentTask, before: SentimentResult, samples: np.ndarray | None, text: str) -> float:
    after = task(None if samples is None else (RATE, samples), text=text)
    return dict(before.candidates)[before.answer] - dict(after.candidates)[before.answer]


def _silenced(samples: np.ndarray, times: np.ndarray, order: list[int]) -> np.ndarray:
    quiet = samples.copy()
    for i in order[: max(1, round(SHARE * len(order)))]:
        start, end = (round(float(t) * RATE) for t in times[i])
        quiet[start:end] = 0
    return quiet


def _without(result: SentimentResult, order: list[int]) -> str:
    removed = set(order[: max(1, round(SHARE * len(order)))])
    text = result.transcript or ""
    for i in sorted(removed, reverse=True):
        token = result.text_tokens[i]
        text = text[: token.start] + text[token.end :]
    return text if text.strip() else "."


def _table(drops: dict[str, list[float]], n: int) -> dict[str, Any]:
    return {
        "n": n,
        "removed": SHARE,
        "fall of the answer's probability": {
            label: {"mean": float(np.mean(found)), "standard error": float(np.std(found) / np.sqrt(len(found)))}
            for label, found in drops.items()
        },
    }
