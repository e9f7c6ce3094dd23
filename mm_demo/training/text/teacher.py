"""Linear models of words and pairs of words: on so few sentences the hardest to beat, so the network learns from them.

For rt_polarity the naive-Bayes weighted features of Wang & Manning (2012) beside tf-idf; for GoEmotions tf-idf.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.sparse import csr_matrix, hstack
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.pipeline import make_pipeline

from mm_demo.training.text.naive_bayes import NaiveBayesRatio
from mm_demo.training.text.words import lexicon

_WORDS = r"(?u)\b\w+\b|[!?]"
_PAIRS = (1, 2)


class PolarityTeacher:
    """Positive or negative: the mean of two logistic regressions, each also told what the lexicon says."""

    def fit(self, texts: Sequence[str], positive: np.ndarray) -> PolarityTeacher:
        """`positive`: (texts,) 1 for positive, 0 for negative."""
        self._words = (
            TfidfVectorizer(ngram_range=_PAIRS, sublinear_tf=True, token_pattern=_WORDS),
            make_pipeline(
                CountVectorizer(ngram_range=_PAIRS, binary=True, token_pattern=_WORDS, dtype=np.float64),
                NaiveBayesRatio(),
            ),
        )
        for words in self._words:
            words.fit(texts, positive)
        self._models = [
            LogisticRegression(C=c, max_iter=300).fit(features, positive)
            for c, features in zip((4.0, 0.1), self._features(texts), strict=True)
        ]
        return self

    def logits(self, texts: Sequence[str]) -> np.ndarray:
        """(texts,) log-odds of positive."""
        features = self._features(texts)
        found = [model.decision_function(f) for model, f in zip(self._models, features, strict=True)]
        return np.mean(found, axis=0)

    def _features(self, texts: Sequence[str]) -> list[csr_matrix]:
        said = csr_matrix(valences(texts))
        return [
            hstack([words.transform(texts), scale * said]).tocsr()
            for words, scale in zip(self._words, (1, 2), strict=True)
        ]


def valences(texts: Sequence[str]) -> np.ndarray:
    """(texts, 3) sum, highest and lowest of the lexicon's ratings of a text's words, about -1…1."""
    ratings = lexicon()
    split = CountVectorizer(token_pattern=_WORDS).build_analyzer()
    found = [[ratings.get(word, 0.0) for word in split(text)] or [0.0] for text in texts]
    return np.array([(sum(row) / 3, max(row), min(row)) for row in found])


def polarity_out_of_fold(texts: Sequence[str], positive: np.ndarray, seed: int) -> np.ndarray:
    """(texts,) log-odds of positive for every text from a teacher that has not seen it."""
    found = np.zeros(len(texts))
    every = np.array(texts, dtype=object)
    for seen, unseen in StratifiedKFold(5, shuffle=True, random_state=seed).split(every, positive):
        found[unseen] = PolarityTeacher().fit(every[seen], positive[seen]).logits(every[unseen])
    return found


def sentiment_out_of_fold(texts: Sequence[str], classes: np.ndarray, seed: int) -> np.ndarray:
    """(texts, 3) probabilities of the three sentiments for every text from a teacher that has not seen it."""
    teacher = make_pipeline(
        TfidfVectorizer(ngram_range=_PAIRS, min_df=2, sublinear_tf=True, token_pattern=_WORDS),
        LogisticRegression(C=1.0, class_weight="balanced", max_iter=300),
    )
    folds = StratifiedKFold(3, shuffle=True, random_state=seed)
    return cross_val_predict(teacher, list(texts), classes, cv=folds, method="predict_proba")
