"""Measures a text classifier on real sentences that it has not seen, beside linear models on the same splits."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.metrics import f1_score

from mm_demo.evaluation.everyday import EVERYDAY
from mm_demo.evaluation.text_baseline import naive_bayes_svm, predict, tfidf_pairs_regression, tfidf_regression
from mm_demo.training.sentences import SENTIMENTS, Sentence, read_goemotions, read_rt_polarity

Classify = Callable[[list[str]], np.ndarray]
_UNREADABLE = ("", "xqv zrrk plmw", "gfjk wqpo zxnm trvb kkd", "jh")


def evaluate_text(classify: Classify, data: Path) -> dict[str, Any]:
    """Accuracy and macro-F1 (0…1) on both tests and on everyday sentences, n and the baselines beside them.

    Args:
        classify: (n,) texts to (n, 3) probabilities of negative, neutral and positive.
        data: folder that holds goemotions/ and rt_polarity/. Of rt_polarity's two classes the likelier is the answer.

    Raises:
        UserError: the data are missing or half there.
    """
    emotional, reviews = read_goemotions(data / "goemotions"), read_rt_polarity(data / "rt_polarity")
    regression, svm = "tf-idf and logistic regression", "NB-SVM"
    return {
        "goemotions": {
            "text model": _score(emotional["test"], _most_likely(classify, emotional["test"], SENTIMENTS)),
            regression: _score(emotional["test"], predict(tfidf_regression(), emotional["train"], emotional["test"])),
        },
        "rt_polarity": {
            "text model": _score(reviews["test"], _most_likely(classify, reviews["test"], ("negative", "positive"))),
            regression: _score(reviews["test"], predict(tfidf_pairs_regression(), reviews["train"], reviews["test"])),
            svm: _score(reviews["test"], predict(naive_bayes_svm(), reviews["train"], reviews["test"])),
        },
        "everyday sentences": everyday(classify),
        "unreadable": unreadable(classify),
    }


def everyday(classify: Classify) -> dict[str, dict[str, float]]:
    """How many of sixty plain sentences come out right, by sentiment and in all; the baseline is chance."""
    sentences = [Sentence(text, name, ()) for name in SENTIMENTS for text in EVERYDAY[name]]
    given = _most_likely(classify, sentences, SENTIMENTS)
    hits = [(s.sentiment, g == s.sentiment) for g, s in zip(given, sentences, strict=True)]
    groups = {str(name): [hit for sentiment, hit in hits if sentiment == name] for name in SENTIMENTS}
    groups["all"] = [hit for _, hit in hits]
    return {
        name: {"n": len(group), "accuracy": sum(group) / len(group), "baseline": 1 / len(SENTIMENTS)}
        for name, group in groups.items()
    }


def unreadable(classify: Classify) -> dict[str, float]:
    """The highest probability that any class gets for no words at all, and for words that are none."""
    highest = classify(list(_UNREADABLE)).max(axis=1)
    return {"empty": float(highest[0]), "garbled": float(highest[1:].max())}


def _most_likely(classify: Classify, sentences: Sequence[Sentence], among: Sequence[str]) -> list[str]:
    columns = [SENTIMENTS.index(name) for name in among]
    chances = classify([s.text for s in sentences])[:, columns]
    return [among[i] for i in chances.argmax(axis=1)]


def _score(sentences: Sequence[Sentence], given: Sequence[str]) -> dict[str, float]:
    true = [s.sentiment for s in sentences]
    hits = sum(g == t for g, t in zip(given, true, strict=True))
    return {
        "n": len(true),
        "accuracy": hits / len(true),
        "macro-F1": float(f1_score(true, given, average="macro")),
    }
