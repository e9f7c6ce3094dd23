"""Labels of real classifiers become negative, neutral and positive."""

from __future__ import annotations

import pytest
import torch

from mm_demo.errors import UserError
from mm_demo.models.gradients import log_odds
from mm_demo.models.speech.sentiments import group_labels, labels_in_order, sentiment_logits

STARS = ("1 star", "2 stars", "3 stars", "4 stars", "5 stars")


@pytest.mark.parametrize(
    ("labels", "sentiments"),
    [
        (("neu", "hap", "ang", "sad"), (1, 2, 0, 0)),
        (("negative", "neutral", "positive"), (0, 1, 2)),
        (STARS, (0, 0, 1, 2, 2)),
        (("NEGATIVE", "POSITIVE"), (0, 2)),
        (("anger", "boredom", "disgust", "fear", "happiness", "neutral", "sadness"), (0, 1, 0, 0, 2, 1, 0)),
    ],
)
def test_labels_are_grouped(labels: tuple[str, ...], sentiments: tuple[int, ...]) -> None:
    grouping = group_labels(labels_in_order(dict(enumerate(labels))))
    assert grouping.argmax(1).tolist() == list(sentiments)
    assert grouping.sum(1).tolist() == [1.0] * len(labels)


@pytest.mark.parametrize("labels", [("LABEL_0", "LABEL_1"), ("happy", "zebra"), ("anger", "fear"), ("6 stars",)])
def test_labels_without_a_sentiment_are_one_sentence(labels: tuple[str, ...]) -> None:
    with pytest.raises(UserError, match="choose"):
        group_labels(labels)


def test_probabilities_of_a_sentiment_are_summed() -> None:
    logits = torch.tensor([[0.3, -1.0, 2.0, 0.5, 0.0]])
    found = sentiment_logits(logits, group_labels(STARS)).softmax(-1)[0]
    chances = logits.softmax(-1)[0]
    assert found.tolist() == pytest.approx(
        [float(chances[:2].sum()), float(chances[2]), float(chances[3:].sum())], abs=1e-6
    )


def test_a_sentiment_without_labels_has_no_chance_but_a_gradient() -> None:
    logits = torch.tensor([[0.3, -1.0]], requires_grad=True)
    sentiment = sentiment_logits(logits, group_labels(("negative", "positive")))[0]
    assert sentiment.softmax(-1).tolist() == pytest.approx([0.78583, 0.0, 0.21417], abs=1e-4)
    (gradient,) = torch.autograd.grad(log_odds(sentiment, 0), [logits])
    # With two choices log-odds are the difference of the logits.
    assert gradient.tolist() == [pytest.approx([1.0, -1.0], abs=1e-5)]
