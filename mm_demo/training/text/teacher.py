"""Linear models of words and pairs of words: on so few sentences the hardest to beat, so the network learns from them.

For rt_polarity the naive-Bayes weighted features of Wang & Manning (2012) beside tf-idf; for GoEmotions tf-idf.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.pipeline import make_pipeline, make_union
from sklearn.preprocessing import FunctionTransformer

from mm_demo.training.text.naive_bayes import NaiveBayesRatio
from mm_demo.training.text.words import lexicon

_WORDS = r"(?u)\b\w+\b|[!?]"
_PAIRS = (1, 2)


class PolarityTeacher:
    """Positive or negative: the mean of three logistic regressions, on words, on pieces of words, and on ratios."""

    def fit(self, texts: Sequence[str], positive: np.ndarray) -> PolarityTeacher:
        """`positive`: (texts,) 1 for positive, 0 for negative."""
        words = TfidfVectorizer(ngram_range=_PAIRS, sublinear_tf=True, token_pattern=_WORDS)
        pieces = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), min_df=2, sublinear_tf=True)
        presence = CountVectorizer(ngram_range=_PAIRS, binary=True, token_pattern=_WORDS, dtype=np.float64)
        rated = FunctionTransformer(valences, kw_args={"scale": 0.5})
        self._models = [
            make_pipeline(make_union(words, rated), _regression(10.0)),
            make_pipeline(pieces, _regression(4.0)),
            make_pipeline(presence, NaiveBayesRatio(), _regression(0.1)),
        ]
        for model in self._models:
            model.fit(texts, positive)
        return self

    def logits(self, texts: Sequence[str]) -> np.ndarray:
        """(texts,) log-odds of positive."""
        return np.mean([model.decision_function(texts) for model in self._models], axis=0)


def _regression(strength: float) -> LogisticRegression:
    return LogisticRegression(C=strength, solver="liblinear")


def valences(texts: Sequence[str], scale: float = 1.0) -> np.ndarray:
    """(texts, 3) sum, highest and lowest of the lexicon's ratings of a text's words, about -1…1 times `scale`."""
    ratings = lexicon()
    split = CountVectorizer(token_pattern=_WORDS).build_analyzer()
    found = [[ratings.get(word, 0.0) for word in split(text)] or [0.0] for text in texts]
    return scale * np.array([(sum(row) / 3, max(row), min(row)) for row in found])


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
