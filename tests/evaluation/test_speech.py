"""The speech evaluation: pairs that mean the same, curves that see what they should, deletion against brute force."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mm_demo.attention.methods import METHODS
from mm_demo.errors import UserError
from mm_demo.evaluation import speech_deletion
from mm_demo.evaluation.sentiment import evaluate
from mm_demo.evaluation.speech_pairs import GARBLED, NOISE, draw_pairs, fused, reliability
from mm_demo.evidence.probe import Part, Probe
from mm_demo.models.speech.family import SENTIMENTS, Opinion, StrategyInfo
from mm_demo.tasks.sentiment_result import AudioMap, WordRelevance
from mm_demo.training.emodb import Utterance
from mm_demo.training.sentences import Sentence


@dataclass
class Judged:
    opinions: Mapping[str, Opinion]
    unimodal: Mapping[str, Mapping[str, float]]
    shares: Mapping[str, float]


class Knowing:
    """Judges a voice by its loudness and a text by its word, and trusts a voice the less, the rougher it is."""

    strategies = (StrategyInfo("attention", "Attention", "."),)

    def judge(self, sound: np.ndarray | None, text: str | None, strategy: str | None = None) -> Judged:
        unimodal = {}
        weights = {"audio": 0.0, "text": 0.0}
        if sound is not None:
            rough = float(np.abs(np.diff(sound)).mean() / (np.abs(sound).mean() + 1e-9))
            level = int(np.clip(round(float(np.median(np.abs(sound))) * 10), 0, 2))
            unimodal["audio"] = self._sure(level if rough < 0.1 else 0)
            weights["audio"] = 1 / (1 + 10 * rough)
        if text is not None:
            found = [name in text for name in SENTIMENTS]
            unimodal["text"] = self._sure(found.index(True) if any(found) else 1)
            weights["text"] = 1.0 if any(found) else 0.1
        total = sum(weights.values())
        weights = {name: value / total for name, value in weights.items()}
        best = max(unimodal, key=weights.__getitem__)
        return Judged({"attention": Opinion(dict(unimodal[best]), weights, True)}, unimodal, weights)  # type: ignore[arg-type]

    def _sure(self, index: int) -> dict[str, float]:
        return {name: 0.9 if i == index else 0.05 for i, name in enumerate(SENTIMENTS)}


@pytest.fixture
def utterances() -> list[Utterance]:
    return [Utterance(np.full(1600, 0.1 * c, dtype=np.float32), "10", 0, c) for c in range(3) for _ in range(4)]


@pytest.fixture
def sentences() -> list[Sentence]:
    return [Sentence(f"quite {name} number {i}", name, ()) for name in SENTIMENTS for i in range(4)]


def test_pairs_mean_the_same_and_are_even(utterances: list[Utterance], sentences: list[Sentence]) -> None:
    pairs = draw_pairs(utterances, sentences, 30, 0)
    for pair in pairs:
        assert pair.truth in pair.text
        assert round(float(pair.sound[0]) * 10) == SENTIMENTS.index(pair.truth)
    assert [sum(p.truth == name for p in pairs) for name in SENTIMENTS] == [10, 10, 10]
    again = draw_pairs(utterances, sentences, 30, 0)
    assert [(p.text, float(p.sound[0])) for p in again] == [(p.text, float(p.sound[0])) for p in pairs]
    assert [p.text for p in draw_pairs(utterances, sentences, 30, 1)] != [p.text for p in pairs]


def test_recall_and_curves_of_a_model_whose_truth_is_known(
    utterances: list[Utterance], sentences: list[Sentence]
) -> None:
    pairs = draw_pairs(utterances, sentences, 30, 0)
    model: Any = Knowing()
    table = fused(model, pairs, 0)["unweighted average recall"]
    assert table["attention"]["words only"] == 1
    assert table["the voice's own classifier"]["voice only"] == 1
    assert table["the voice's own classifier"]["voice under 0 dB noise, and words"] < 0.7
    assert table["the words' own classifier"]["voice only"] is None
    curves = reliability(model, pairs, 0)
    voice = [row["weight of the voice"] for row in curves["noise on the voice"]]
    words = [row["weight of the words"] for row in curves["words lost"]]
    assert len(voice) == len(NOISE)
    assert len(words) == len(GARBLED)
    assert voice[0] > voice[-1]
    assert words[0] > words[-1]


@dataclass
class Answer:
    text_tokens: list[WordRelevance]
    audio_map: AudioMap | None = None


class Task:
    """Is certain while the second fifth of a sound, or the word "key", is there; only one method knows that."""

    def __call__(self, audio: tuple[int, np.ndarray] | None = None, text: str = "") -> Answer:
        if audio is not None:
            return Answer([], AudioMap(np.zeros((5, 2)), np.full(5, 0.2)))
        return Answer([WordRelevance(word, 0, 0, 0.0) for word in text.split()])

    def explain(self, result: Answer, method: str) -> Answer:
        knows = method == "raw"
        if result.audio_map is not None:
            return Answer([], AudioMap(result.audio_map.times, np.eye(5)[1 if knows else 4]))
        return Answer([WordRelevance(t.token, 0, 0, float((t.token == "key") == knows)) for t in result.text_tokens])

    def probe(self, result: Answer, part: Part) -> Probe:
        labels = tuple(t.token for t in result.text_tokens) if part == "text" else ("",) * 5
        needed = labels.index("key") if part == "text" else 1
        return Probe(
            part, "negative", "probability", "mask", labels, None, np.zeros(len(labels)),
            lambda kept: np.where(kept[:, needed], 0.9, 0.3),
        )  # fmt: skip


def test_deletion_finds_the_method_that_knows() -> None:
    task: Any = Task()
    sound = speech_deletion.deletion_of_sound(task, [np.ones(16_000, dtype=np.float32)] * 4, 0)
    words = speech_deletion.deletion_of_words(task, ["this is the key here", "key or not it stays so"], 0)
    for table in (sound, words):
        falls = table["fall of the answer's probability"]
        assert falls[METHODS["raw"].label]["mean"] == pytest.approx(0.6)
        assert falls[METHODS["gradient"].label]["mean"] == 0
        assert 0 <= falls["random"]["mean"] < 0.6
        assert table["removed"] == 0.2


def test_without_data_there_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="give --data a folder"):
        evaluate()
    with pytest.raises(UserError, match="emodb"):
        evaluate(data=tmp_path)
