"""Measures a sentiment checkpoint on speakers and sentences it has never met, and on itself."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from sklearn.metrics import accuracy_score, recall_score

from mm_demo.errors import UserError
from mm_demo.evaluation import voice_baseline
from mm_demo.evaluation.speech_deletion import deletion_of_sound, deletion_of_words
from mm_demo.evaluation.speech_pairs import draw_pairs, fused, reliability
from mm_demo.evaluation.text import evaluate_text
from mm_demo.models.loading import open_model
from mm_demo.models.speech import RATE
from mm_demo.models.speech.family import SENTIMENTS, SentimentModel
from mm_demo.models.voice import EMOTIONS, VoiceFeatureExtractor
from mm_demo.tasks.sentiment import SentimentTask
from mm_demo.training import emodb
from mm_demo.training.fusion.__main__ import HELD_OUT_SPEAKERS
from mm_demo.training.sentences import read_goemotions
from mm_demo.training.voice import bank
from mm_demo.training.voice.fit import Recipe
from mm_demo.training.voice.folds import leave_one_out

_DELETED = 60
"""Recordings and sentences on which the explanation methods are compared."""
_TIMED_SECONDS = 10
_RUNS = Path("runs")


def evaluate(
    seed: int = 0,
    n: int = 300,
    model: str | None = None,
    device: str | None = None,
    data: Path | None = None,
    leave_speakers_out: bool = False,
) -> dict[str, Any]:
    """The checkpoint's figures, each beside its baseline.

    Args:
        seed: chooses the pairs and every random draw.
        n: constructed pairs of a voice and a sentence.
        model, device: as in `mm_demo.load`.
        data: folder that holds emodb/, goemotions/ and rt_polarity/.
        leave_speakers_out: also train the voice anew, ten times, each time without one speaker.

    Raises:
        UserError: the data are not given or not all there.
    """
    if data is None:
        raise UserError(
            "Real speech and sentences are needed to measure this: give --data a folder with emodb/ "
            "(github.com/audeering/emodb), goemotions/ and rt_polarity/; `python -m mm_demo.training.fusion --help` "
            "says where they are from."
        )
    utterances = emodb.read(data)
    held_out = [u for u in utterances if u.speaker in HELD_OUT_SPEAKERS]
    sentences = read_goemotions(data / "goemotions")["test"]
    opened: SentimentModel = open_model("sentiment", model, device)  # type: ignore[assignment]
    task = SentimentTask(opened)
    figures: dict[str, Any] = {"task": "sentiment", "model": opened.info.id, "seed": seed, "pairs": n}
    if "audio" in opened.modalities:
        others = [u for u in utterances if u.speaker not in HELD_OUT_SPEAKERS]
        figures["voice, speakers 10 and 14"] = voice(opened, held_out, others)
        figures["seconds for 10 s of speech"] = seconds_for(opened, held_out)
    if "text" in opened.modalities:
        figures["text"] = evaluate_text(lambda texts: _classified(opened, texts), data)
    if len(opened.modalities) > 1:
        pairs = draw_pairs(held_out, sentences, n, seed)
        figures["fused"] = fused(opened, pairs, seed)
        figures["reliability"] = reliability(opened, pairs[: n // 2], seed)
    figures["explanations"] = _explanations(task, held_out, [s.text for s in sentences], seed)
    if leave_speakers_out:
        figures["voice, every speaker left out"] = every_speaker_left_out(utterances, seed)
    return figures


def voice(model: SentimentModel, test: list[emodb.Utterance], train: list[emodb.Utterance]) -> dict[str, Any]:
    """Unweighted average recall and accuracy on held-out speakers, beside the support vector machine's recall."""
    emotions, sentiments = [], []
    for utterance in test:
        judged = model.judge(utterance.sound, None)
        emotions.append(judged.emotions[0][0] if judged.emotions else "")
        own = judged.unimodal["audio"]
        sentiments.append(max(own, key=own.__getitem__))
    against = voice_baseline.baseline(_statistics(train), _statistics(test))
    rows = {
        "seven emotions": ([EMOTIONS[u.emotion] for u in test], emotions, against["emotions"]),
        "three sentiments": ([SENTIMENTS[u.sentiment] for u in test], sentiments, against["sentiments"]),
    }
    return {
        name: {
            "n": len(test),
            "unweighted average recall": float(recall_score(truth, said, average="macro")),
            "accuracy": float(accuracy_score(truth, said)),
            "baseline recall": baseline,
        }
        for name, (truth, said, baseline) in rows.items()
    }


def every_speaker_left_out(utterances: list[emodb.Utterance], seed: int) -> dict[str, Any]:
    """The voice's recipe trained ten times, each time without one speaker, and judged on that one.

    Kept below `runs/`: a killed run goes on with the fold it was at.

    Returns:
        For emotions and sentiments the mean unweighted average recall over the speakers, the standard deviation between
        them, and the same of the support vector machine on the same folds; and every speaker's own.
    """
    copies = bank.make(utterances, bank.COPIES, seed, _RUNS)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    ours = leave_one_out(utterances, copies, Recipe(seed=seed), device, _RUNS / "voice-folds")
    described = _statistics(utterances)
    theirs: dict[str, dict[str, float]] = {}
    for speaker in ours["speakers"]:
        inside, outside = (np.array(rows) for rows in emodb.split(utterances, [speaker]))
        train = voice_baseline.Labelled(described.statistics[inside], described.emotions[inside])
        test = voice_baseline.Labelled(described.statistics[outside], described.emotions[outside])
        theirs[speaker] = voice_baseline.baseline(train, test)
    against = {name: [found[name] for found in theirs.values()] for name in ("emotions", "sentiments")}
    return {
        "recall": {
            name: {
                "mean": ours["mean"][name],
                "deviation": ours["deviation"][name],
                "baseline mean": float(np.mean(values)),
                "baseline deviation": float(np.std(values, ddof=1)),
            }
            for name, values in against.items()
        },
        "speakers": ours["speakers"],
    }


def seconds_for(model: SentimentModel, utterances: list[emodb.Utterance]) -> dict[str, float]:
    """Wall-clock seconds of features and model for ten seconds of speech, the least and the median of seven runs."""
    samples = np.concatenate([u.sound for u in utterances[:12]])[: _TIMED_SECONDS * RATE]
    model.judge(samples, None)
    taken = []
    for _ in range(7):
        start = time.perf_counter()
        model.judge(samples, None)
        taken.append(time.perf_counter() - start)
    return {"least": min(taken), "median": float(np.median(taken))}


def _statistics(utterances: list[emodb.Utterance]) -> voice_baseline.Labelled:
    extractor = VoiceFeatureExtractor()
    return voice_baseline.Labelled(
        np.stack([voice_baseline.statistics(u.sound, extractor) for u in utterances]),
        np.array([u.emotion for u in utterances]),
    )


def _classified(model: SentimentModel, texts: list[str]) -> np.ndarray:
    judged = [model.judge(None, text).unimodal["text"] for text in texts]
    return np.array([[own[name] for name in SENTIMENTS] for own in judged])


def _explanations(
    task: SentimentTask, utterances: list[emodb.Utterance], texts: list[str], seed: int
) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    found: dict[str, Any] = {}
    if "audio" in task.modalities:
        chosen = rng.permutation(len(utterances))[:_DELETED]
        found["a fifth of the sound silenced"] = deletion_of_sound(task, [utterances[i].sound for i in chosen], seed)
    if "text" in task.modalities:
        long = [text for text in texts if len(text.split()) >= 5]
        chosen = rng.permutation(len(long))[:_DELETED]
        found["a fifth of the words removed"] = deletion_of_words(task, [long[i] for i in chosen], seed)
    return found
