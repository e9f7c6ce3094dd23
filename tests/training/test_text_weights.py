"""The shipped text checkpoint opens as any BERT does, knows plain sentences, and stays undecided about gibberish."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
import pytest
from transformers import AutoModelForSequenceClassification, AutoTokenizer, BertForSequenceClassification

from mm_demo.evaluation.everyday import EVERYDAY
from mm_demo.evaluation.text import Classify, everyday, unreadable
from mm_demo.training.sentences import SENTIMENTS
from mm_demo.training.text.classifier import classify

WEIGHTS = Path(__file__).parents[2] / "weights" / "text-sentiment"


@pytest.fixture(scope="module")
def shipped() -> Classify:
    model = AutoModelForSequenceClassification.from_pretrained(WEIGHTS).float().eval()
    assert isinstance(model, BertForSequenceClassification)
    assert model.config.id2label == dict(enumerate(SENTIMENTS))
    return partial(classify, model, AutoTokenizer.from_pretrained(WEIGHTS))


def test_it_is_small() -> None:
    assert sum(path.stat().st_size for path in WEIGHTS.iterdir()) < 6e6


def test_plain_sentences_come_out_right(shipped: Classify) -> None:
    assert everyday(shipped)["all"]["accuracy"] >= 0.9


def test_without_readable_words_no_class_is_likely(shipped: Classify) -> None:
    assert max(unreadable(shipped).values()) < 0.6


def test_it_grows_less_sure_as_letters_are_lost(shipped: Classify) -> None:
    rng = np.random.default_rng(0)
    letters = list("abcdefghijklmnopqrstuvwxyz")

    def garbled(text: str, share: float) -> str:
        words = text.split()
        noise = ["".join(rng.choice(letters, len(word))) for word in words]
        return " ".join(n if rng.random() < share else word for n, word in zip(noise, words, strict=True))

    texts = [*EVERYDAY["negative"], *EVERYDAY["positive"]]
    sure = [shipped([garbled(text, share) for text in texts]).max(1).mean() for share in (0.0, 0.5, 1.0)]
    assert sure[0] > sure[1] > sure[2]


def test_capitals_and_other_scripts_do_no_harm(shipped: Classify) -> None:
    plain, shouted = shipped(["i love this song", "I LOVE THIS SONG"])
    np.testing.assert_allclose(plain, shouted)
    strange = shipped(["这是一个句子", "🙂" * 300, "<b>&amp;</b>", "good " * 10_000])
    np.testing.assert_allclose(strange.sum(1), 1, rtol=1e-5)
