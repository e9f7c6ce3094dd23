"""From whatever labels a classifier has to negative, neutral and positive."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from mm_demo.errors import UserError
from mm_demo.models.speech.family import SENTIMENTS

_GROUPS = {
    "negative": (
        "negative neg anger angry ang fear fearful fea disgust disgusted dis sadness sad annoyance annoyed"
        " disappointment disapproval embarrassment grief nervousness remorse frustration frustrated fru"
    ),
    "neutral": "neutral neu calm boredom bored surprise surprised sur confusion curiosity realization other",
    "positive": (
        "positive pos happiness happy hap joy joyful excitement excited exc love amusement admiration approval caring"
        " desire gratitude optimism pride relief"
    ),
}
_SENTIMENT_OF = {word: sentiment for sentiment, words in _GROUPS.items() for word in words.split()}
_STARS = re.compile(r"([1-5]) ?stars?")


def labels_in_order(id2label: Mapping[int, str]) -> tuple[str, ...]:
    """The labels of a configuration by their index, in lower case."""
    return tuple(str(id2label[i]).lower() for i in sorted(id2label))


def group_labels(labels: Sequence[str]) -> Tensor:
    """(labels, 3) of 0 and 1: which sentiment each label belongs to.

    Emotions go by their valence (boredom and surprise are neutral), stars 1–2 are negative and 4–5 positive.

    Raises:
        UserError: a label is none of the known ones, or no two sentiments are told apart.
    """
    grouping = torch.zeros(len(labels), len(SENTIMENTS))
    for i, label in enumerate(labels):
        sentiment = _sentiment_of(label.lower())
        if sentiment is None:
            raise UserError(
                f"This model's label “{label}” is no sentiment that the app knows; choose a model that tells negative, "
                "neutral and positive apart, or emotions such as anger and happiness."
            )
        grouping[i, SENTIMENTS.index(sentiment)] = 1
    if int((grouping.sum(0) > 0).sum()) < 2:
        raise UserError("This model tells no sentiments apart; choose one for sentiment or emotion.")
    return grouping


def sentiment_logits(logits: Tensor, grouping: Tensor) -> Tensor:
    """(batch, labels) logits → (batch, 3): the log of each sentiment's summed probability.

    A sentiment without labels gets a probability of 0 by a number low enough, since −∞ has no gradient.

    Args:
        logits: of the labels.
        grouping: (labels, 3) from `group_labels`.
    """
    log_probabilities = logits.float().log_softmax(-1)
    closed = (1e4 * (grouping - 1)).to(logits.device)
    return (log_probabilities[:, :, None] + closed).logsumexp(1)


def ranked_emotions(labels: Sequence[str], logits: Tensor) -> list[tuple[str, float]]:
    """[(emotion, probability)], best first, from logits (labels,); empty where the labels are the sentiments again."""
    if set(labels) <= set(SENTIMENTS):
        return []
    return sorted(zip(labels, logits.detach().float().softmax(-1).tolist(), strict=True), key=lambda e: -e[1])


def _sentiment_of(label: str) -> str | None:
    stars = _STARS.fullmatch(label)
    if stars:
        return SENTIMENTS[(int(stars[1]) > 2) + (int(stars[1]) > 3)]
    return _SENTIMENT_OF.get(label)
