"""How a fusion of voice and words does on constructed pairs of held-out speakers and sentences."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Any

import numpy as np
from sklearn.metrics import recall_score

from mm_demo.models.speech.family import SENTIMENTS, SentimentModel
from mm_demo.training.emodb import Utterance
from mm_demo.training.fusion.corruption import garbled, noisy
from mm_demo.training.sentences import Sentence

NOISE = (None, 20.0, 10.0, 5.0, 0.0, -5.0, -10.0)
"""Signal-to-noise ratios in dB at which the voice is judged; None without added noise."""
GARBLED = (0.0, 0.25, 0.5, 0.75, 1.0)
"""Shares of the words that are lost."""
_NOISY = "voice under 0 dB noise, and words"
_CASES = ("voice and words", "voice only", "words only", _NOISY)
_OWN = {"audio": "the voice's own classifier", "text": "the words' own classifier"}


@dataclass(frozen=True)
class Pair:
    """A voice and a sentence of the same sentiment that were never said together."""

    sound: np.ndarray
    text: str
    truth: str


def draw_pairs(utterances: list[Utterance], sentences: list[Sentence], n: int, seed: int) -> list[Pair]:
    """`n` pairs, the sentiments in equal parts."""
    rng = Random(seed)
    pairs = []
    for i in range(n):
        truth = SENTIMENTS[i % len(SENTIMENTS)]
        voice = rng.choice([u for u in utterances if SENTIMENTS[u.sentiment] == truth])
        words = rng.choice([s for s in sentences if s.sentiment == truth])
        pairs.append(Pair(voice.sound, words.text, truth))
    return pairs


def fused(model: SentimentModel, pairs: list[Pair], seed: int) -> dict[str, Any]:
    """Unweighted average recall of every strategy on whole pairs, with one modality missing, and under noise.

    Beside them what each encoder says alone on the same pairs, and chance.
    """
    rng = np.random.default_rng(seed)
    answers: dict[str, dict[str, list[str]]] = {}
    for pair in pairs:
        for case, sound, text in (
            ("voice and words", pair.sound, pair.text),
            ("voice only", pair.sound, None),
            ("words only", None, pair.text),
            (_NOISY, noisy(pair.sound, 0.0, rng), pair.text),
        ):
            judged = model.judge(sound, text)
            said = {name: opinion.probabilities for name, opinion in judged.opinions.items()}
            said |= {_OWN[modality]: probabilities for modality, probabilities in judged.unimodal.items()}
            for name, probabilities in said.items():
                answers.setdefault(name, {}).setdefault(case, []).append(_best(probabilities))
    truths = [pair.truth for pair in pairs]
    return {
        "n": len(pairs),
        "chance": 1 / len(SENTIMENTS),
        "unweighted average recall": {
            name: {
                case: _recall(list(zip(truths, found[case], strict=True))) if case in found else None for case in _CASES
            }
            for name, found in answers.items()
        },
    }


def reliability(model: SentimentModel, pairs: list[Pair], seed: int) -> dict[str, Any]:
    """How the default strategy's weights follow what can be relied on: curves over noise and over lost words."""
    rng = np.random.default_rng(seed)
    default = model.strategies[0].name
    voice = []
    for decibels in NOISE:
        found = [
            (pair, model.judge(pair.sound if decibels is None else noisy(pair.sound, decibels, rng), pair.text))
            for pair in pairs
        ]
        voice.append(
            {
                "voice": "as recorded" if decibels is None else f"noise at {decibels:.0f} dB",
                "weight of the voice": _mean(j.opinions[default].weights["audio"] for _, j in found),
                "share of the voice": _mean(j.shares["audio"] for _, j in found),
                "recall": _recall([(p.truth, _best(j.opinions[default].probabilities)) for p, j in found]),
            }
        )
    letters = Random(seed)
    words = []
    for share in GARBLED:
        found = [(pair, model.judge(pair.sound, garbled(pair.text, share, letters))) for pair in pairs]
        words.append(
            {
                "words": f"{100 * share:.0f} % lost",
                "weight of the words": _mean(j.opinions[default].weights["text"] for _, j in found),
                "share of the words": _mean(j.shares["text"] for _, j in found),
                "recall": _recall([(p.truth, _best(j.opinions[default].probabilities)) for p, j in found]),
            }
        )
    return {"strategy": default, "n": len(pairs), "noise on the voice": voice, "words lost": words}


def _best(probabilities: dict[str, float]) -> str:
    return max(probabilities, key=probabilities.__getitem__)


def _mean(values: Any) -> float:
    return float(np.mean(list(values)))


def _recall(pairs: list[tuple[str, str]]) -> float:
    truths, answers = zip(*pairs, strict=True)
    return float(recall_score(truths, answers, average="macro"))
