"""The text evaluation scores what it says it scores, and its baselines learn from the training part alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mm_demo.errors import UserError
from mm_demo.evaluation.everyday import EVERYDAY
from mm_demo.evaluation.text import evaluate_text, everyday, unreadable
from mm_demo.evaluation.text_baseline import naive_bayes_svm, predict, tfidf_pairs_regression, tfidf_regression
from mm_demo.training.sentences import AMBIGUOUS, NEGATIVE, POSITIVE, SENTIMENTS, Sentence

NAMES = [*sorted(POSITIVE | NEGATIVE | AMBIGUOUS), "neutral"]
WORD = {"negative": "awful", "neutral": "tuesday", "positive": "lovely"}
LABEL = {"negative": "anger", "neutral": "neutral", "positive": "joy"}


@pytest.fixture
def data(tmp_path: Path) -> Path:
    for folder in ("goemotions", "rt_polarity"):
        (tmp_path / folder).mkdir()
    (tmp_path / "goemotions" / "labels.txt").write_text("\n".join(NAMES))
    rows = [f"{WORD[name]} thing {i}\t{NAMES.index(LABEL[name])}\tid" for i in range(12) for name in SENTIMENTS]
    for split in ("train", "dev", "test"):
        (tmp_path / "goemotions" / f"{split}.tsv").write_text("\n".join(rows))
    for name in ("negative", "positive"):
        lines = "".join(f"{WORD[name]} film {i}\n" for i in range(30))
        (tmp_path / "rt_polarity" / f"rt-polarity.{name[:3]}").write_text(lines)
    return tmp_path


def by_word(texts: list[str]) -> np.ndarray:
    """Knows the awful and the neutral; calls everything else neutral, and negative before positive."""
    return np.array([(0.9, 0.05, 0.05) if "awful" in t else (0.35, 0.4, 0.25) for t in texts])


def test_scores_by_hand(data: Path) -> None:
    found = evaluate_text(by_word, data)
    ours = found["goemotions"]["text model"]
    # All awful and all tuesday right, every lovely taken for neutral: F1 of 1, 2/3 and 0.
    assert ours["n"] == 36 and ours["accuracy"] == pytest.approx(2 / 3)
    assert ours["macro-F1"] == pytest.approx((1 + 2 / 3 + 0) / 3)
    # With neutral left out of the choice, every lovely is called negative.
    assert found["rt_polarity"]["text model"] == pytest.approx({"n": 6, "accuracy": 0.5, "macro-F1": 1 / 3})
    assert found["rt_polarity"]["NB-SVM"]["accuracy"] == 1
    assert found["goemotions"]["tf-idf and logistic regression"]["accuracy"] == 1


def test_everyday_sentences_are_sixty_and_all_different() -> None:
    assert [len(EVERYDAY[name]) for name in SENTIMENTS] == [20, 20, 20]
    assert len({text for texts in EVERYDAY.values() for text in texts}) == 60
    found = everyday(lambda texts: np.tile([0.0, 0.0, 1.0], (len(texts), 1)))
    assert found["positive"]["accuracy"] == 1 and found["negative"]["accuracy"] == 0
    assert found["all"] == pytest.approx({"n": 60, "accuracy": 1 / 3, "baseline": 1 / 3})


def test_unreadable_reports_the_most_confident_answer() -> None:
    found = unreadable(lambda texts: np.array([[0.4, 0.3, 0.3]] + [[0.1, 0.2, 0.7]] * (len(texts) - 1)))
    assert found == pytest.approx({"empty": 0.4, "garbled": 0.7})


@pytest.mark.parametrize("make", [tfidf_regression, tfidf_pairs_regression, naive_bayes_svm])
def test_a_baseline_knows_only_what_it_was_taught(make: object) -> None:
    training = [
        Sentence(f"{word} film {i}", name, ()) for i in range(9) for name, word in WORD.items() if word != "tuesday"
    ]
    test = [Sentence("a lovely one", "negative", ()), Sentence("awful", "positive", ())]
    assert predict(make(), training, test) == ["positive", "negative"]  # type: ignore[operator]


def test_missing_data_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="GoEmotions"):
        evaluate_text(by_word, tmp_path)
