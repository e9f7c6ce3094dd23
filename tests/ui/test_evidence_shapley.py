"""What every part adds, without a browser: exact and sampled values, when sampling ends, and giving way."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import gradio as gr
import numpy as np
import pytest

from mm_demo.errors import UserError
from mm_demo.evidence.probe import Part, Probe
from mm_demo.ui.evidence.shapley import BUDGET, ShapleyPanel
from mm_demo.ui.turns import Turns
from tests.ui.fake_probes import CERTAIN, GUESSED, probe
from tests.ui.fakes_common import silent

WORDS = ["what", "<i>color</i>", "now"]
COUNTS = np.array([0.0, 4.0, 1.0])


class Asked:
    """Three words of which two count; 64 patches of which the first four do, by themselves or only together."""

    def __init__(self, together: bool = False) -> None:
        self.together = together
        self.asked = 0

    def parts(self, kept: Any) -> Sequence[Part]:
        return kept

    def probe(self, kept: Any, part: Part, word: Any, removal: str) -> Probe:
        if part == "text":
            return probe(part, "<b>red</b>", "mask", COUNTS, COUNTS, WORDS)
        truth = np.r_[np.ones(4), np.zeros(60)]
        alone = probe(part, "<b>red</b>", "mean", truth, truth)

        def score(kept: np.ndarray) -> np.ndarray:
            self.asked += len(kept)
            return kept[:, :4].all(axis=1).astype(float) if self.together else alone.score(kept)

        return Probe(part, alone.answer, "probability", "mean", alone.labels, alone.shape, truth, score)

    def whole_shares(self, kept: Any) -> dict[str, float]:
        return {"image": 0.25, "text": 0.75}

    def drawn(self, kept: Any, values: np.ndarray) -> str:
        assert values.shape == (64,) and values.min() >= 0
        return f'<img alt="{values[:4].sum():.2f}">'


def panel(tab: Any) -> ShapleyPanel:
    with gr.Blocks():
        return ShapleyPanel("x", tab, {"text": "question", "image": "picture"}, gr.State(None))


def test_the_inputs_come_first_then_words_exactly_then_patches_and_the_two_shares() -> None:
    shown = list(panel(Asked())._run(["image", "text"], Turns()))
    first = next(text for text in shown if "share-bar" in text)
    assert "picture <b>25 %" in first and "value-bars" not in first
    last = shown[-1]
    # The stand-in's score adds up, so a word's Shapley value is its own share of what there is to gain.
    expected = (CERTAIN - GUESSED) * COUNTS / COUNTS.sum()
    assert re.findall(r'figure">([^<]+)<', last) == [f"+{value:.3f}" for value in expected]
    assert "each of the 8 choices of words" in last and "Sampled until the error was small enough" in last
    assert 'alt="0.91"' in last, "the four patches together carry all there is"
    assert "T-share 50\u00a0%, V-share 50\u00a0%" in last, "words and patches move the answer by 0.91 each"
    assert "<i>color" not in last and "&lt;i&gt;color" in last and "<b>red" not in last
    assert "what takes away" not in last


def test_where_the_error_stays_large_the_budget_ends_it_and_progress_is_told() -> None:
    tab = Asked(together=True)
    shown = list(panel(tab)._run(["image"], Turns()))
    assert any("the error is not known yet" in text for text in shown)
    spent = [int(found) for text in shown if (found := "".join(re.findall(r"Sampling: (\d+)%", text)))]
    assert len(spent) > 5 and spent == sorted(spent)
    assert f"budget of {BUDGET:,} variants is spent" in shown[-1] and tab.asked <= BUDGET
    assert "share-bar" not in shown[-1] and "T-share" not in shown[-1], "one input has nothing to share with"


def test_whatever_comes_next_ends_it() -> None:
    shown, turns = panel(Asked(together=True)), Turns()
    running = shown._run(["image"], turns)
    next(running)
    assert shown._forget(turns) == ""
    assert silent(running)


def test_without_an_answer_or_with_trouble_it_is_one_sentence() -> None:
    [said] = panel(Asked())._run(None, Turns())
    assert "no answer yet" in said
    tab = Asked()

    def refuse(*_: Any) -> Probe:
        raise UserError("There is no <such> part.")

    tab.probe = refuse  # type: ignore[method-assign]
    assert "There is no &lt;such&gt; part." in list(panel(tab)._run(["text"], Turns()))[-1]


@pytest.mark.parametrize("part", ["image", "text"])
def test_one_input_alone_is_divided_too(part: Part) -> None:
    last = list(panel(Asked())._run([part], Turns()))[-1]
    assert ("value-bars" in last) == (part == "text") and ("<figure>" in last) == (part == "image")
