"""The shipped speech checkpoints on real speakers and sentences that they never met; run with `--data DIR`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mm_demo.evaluation.sentiment import evaluate

pytestmark = pytest.mark.data


@pytest.fixture(scope="module")
def figures(data: Path) -> dict[str, Any]:
    return evaluate(seed=1, n=90, device="cpu", data=data)


def test_the_voice_of_two_strangers(figures: dict[str, Any]) -> None:
    found = figures["voice, speakers 10 and 14"]
    assert found["seven emotions"]["unweighted average recall"] >= 0.72
    assert found["three sentiments"]["unweighted average recall"] >= 0.76


def test_sentences(figures: dict[str, Any]) -> None:
    assert figures["text"]["goemotions"]["text model"]["macro-F1"] >= 0.71
    assert figures["text"]["rt_polarity"]["text model"]["accuracy"] >= 0.785
    assert figures["text"]["everyday sentences"]["all"]["accuracy"] >= 0.9


def test_fusion_is_better_than_either_and_loses_little_alone(figures: dict[str, Any]) -> None:
    recall = figures["fused"]["unweighted average recall"]
    attention, voice, words = (
        recall[n] for n in ("attention", "the voice's own classifier", "the words' own classifier")
    )
    assert attention["voice and words"] > max(voice["voice only"], words["words only"])
    assert attention["voice only"] >= voice["voice only"] - 0.02
    assert attention["words only"] >= words["words only"] - 0.02
    noisy = "voice under 0 dB noise, and words"
    assert attention[noisy] >= words["words only"] - 0.02


def test_the_weights_follow_what_can_be_relied_on(figures: dict[str, Any]) -> None:
    curves = figures["reliability"]
    voice = [row["weight of the voice"] for row in curves["noise on the voice"]]
    words = [row["weight of the words"] for row in curves["words lost"]]
    assert voice == sorted(voice, reverse=True)
    assert words == sorted(words, reverse=True)


def test_the_default_method_finds_more_than_chance(figures: dict[str, Any]) -> None:
    for found in figures["explanations"].values():
        falls = found["fall of the answer's probability"]
        chosen, chance = falls["Attention × gradient"], falls["random"]
        assert chosen["mean"] - chance["mean"] > 2 * chosen["standard error"]
