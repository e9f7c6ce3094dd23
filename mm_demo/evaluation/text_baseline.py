"""What linear models reach on the same sentences: the figures that the text model is placed beside."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.svm import LinearSVC

from mm_demo.training.sentences import Sentence
from mm_demo.training.text.naive_bayes import NaiveBayesRatio

_EVERY_WORD = r"(?u)\b\w+\b"


def tfidf_regression() -> Pipeline:
    """For comments in three classes: words by tf-idf into logistic regression, every class weighing the same."""
    return make_pipeline(TfidfVectorizer(), LogisticRegression(class_weight="balanced", max_iter=1000))


def tfidf_pairs_regression() -> Pipeline:
    """For reviews in two classes, where pairs of words help: words and pairs by tf-idf into logistic regression."""
    words = TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True)
    return make_pipeline(words, LogisticRegression(C=4, max_iter=1000))


def naive_bayes_svm() -> Pipeline:
    """NB-SVM: words and pairs of words, present or not, scaled by their ratio, into a linear support vector machine."""
    return make_pipeline(
        CountVectorizer(ngram_range=(1, 2), binary=True, token_pattern=_EVERY_WORD, dtype=np.float64),
        NaiveBayesRatio(),
        LinearSVC(C=0.1),
    )


def predict(model: Pipeline, training: Sequence[Sentence], test: Sequence[Sentence]) -> list[str]:
    """The sentiments of the test's sentences, learnt from the training's."""
    model.fit([s.text for s in training], np.array([s.sentiment for s in training]))
    return list(model.predict([s.text for s in test]))
