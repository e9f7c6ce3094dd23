"""Evidence on the page, without a browser: lines, erasing, comparing, and a check that gives way."""

from __future__ import annotations

from typing import Any

import gradio as gr
import numpy as np
import pytest
from PIL import Image, ImageDraw

from mm_demo.errors import UserError
from mm_demo.evidence.probe import Part, Probe
from mm_demo.ui.attention_view import flat
from mm_demo.ui.evidence.compare import changed_words, told_of_answers, told_of_captions
from mm_demo.ui.evidence.eraser import erased
from mm_demo.ui.evidence.known import Known
from mm_demo.ui.evidence.panel import EvidencePanel
from mm_demo.ui.evidence.shuffled import SHUFFLE, as_asked
from mm_demo.ui.evidence.striker import to_strike, without_struck
from mm_demo.ui.pickers import DEFAULT
from mm_demo.ui.turns import Turns
from tests.ui.fake_probes import probe
from tests.ui.fakes_common import silent


class Ball:
    """Sixteen patches, of which the first rests on nothing and the last on everything."""

    def __init__(self, relevance: np.ndarray) -> None:
        self.relevance = relevance

    def parts(self, kept: Any) -> list[Part]:
        return kept

    def removals(self, part: Part) -> tuple[str, ...]:
        return {"image": ("mean", "blur"), "text": ("mask", "pad")}[part]

    def probe(self, kept: Any, part: Part, word: Any, removal: str) -> Probe:
        truth = np.zeros(64)
        truth[:6] = 1
        self.removal = removal
        return probe(part, "<b>red</b>", removal, self.relevance, truth)

    def known(self, kept: Any, word: Any) -> Known | None:
        mask = np.zeros((8, 8), bool)
        mask.ravel()[:6] = True
        return Known("red ball", mask) if word == "ball" else None


TRUE = -np.arange(64.0)


def panel(relevance: np.ndarray) -> tuple[EvidencePanel, Ball]:
    ball = Ball(relevance)
    with gr.Blocks():
        return EvidencePanel("x", ball, {"image": "picture", "text": "words"}, gr.State(None), gr.State(None)), ball


def test_the_line_tells_of_progress_and_ends_with_a_verdict() -> None:
    shown, ball = panel(TRUE)
    updates = list(shown._check(["image", "text"], None, True, "image", "blur", Turns()))
    lines = [update[shown.line] for update in updates]
    assert "0 of 10 random orders" in lines[0] and 'class="evidence-line busy"' in lines[1]
    assert 'class="evidence-line supported"' in lines[-1] and ball.removal == "blur"
    assert all("<b>red" not in line and "&lt;b&gt;red" in line for line in lines), "an answer is text, not markup"
    assert updates[-1][shown.curves].startswith("<figure") and updates[-1][shown.removal]["value"] == "blur"
    wrong, _ = panel(-TRUE)
    last = list(wrong._check(["image"], None, True, "image", DEFAULT, Turns()))[-1]
    assert 'class="evidence-line unsupported"' in last[wrong.line]


def test_where_the_truth_is_known_it_stands_below_the_verdict() -> None:
    for relevance, said in ((TRUE, "peaks on it"), (-TRUE, "peaks elsewhere")):
        shown, _ = panel(relevance)
        (*_, last) = shown._check(["image", "text"], "ball", True, "image", DEFAULT, Turns())
        assert "where the red ball is" in last[shown.line] and said in last[shown.line]
    (*_, last) = shown._check(["image", "text"], "ball", True, "text", DEFAULT, Turns())
    assert "red ball" not in last[shown.line]


def test_a_part_or_a_removal_that_this_answer_has_not_gives_way_to_the_first() -> None:
    shown, ball = panel(TRUE)
    last = list(shown._check(["text"], None, True, "image", "blur", Turns()))[-1]
    assert ball.removal == "mask" and last[shown.part]["value"] == "text" and last[shown.removal]["value"] == DEFAULT
    assert list(shown._check([], None, True, "image", DEFAULT, Turns()))[-1][shown.line] == ""


def test_whatever_comes_next_ends_a_check() -> None:
    shown, _ = panel(TRUE)
    turns = Turns()
    running = shown._check(["image"], None, True, "image", DEFAULT, turns)
    next(running)
    assert shown._forget(turns) == ["", ""]
    assert silent(running), "a check that was forgotten must say no more"
    older = shown._check(["image"], None, True, "image", DEFAULT, turns)
    next(older)
    newer = shown._check(["image"], None, True, "image", DEFAULT, turns)
    next(newer)
    assert silent(older) and "supported" in list(newer)[-1][shown.line]


def test_switched_off_or_without_an_answer_nothing_is_measured() -> None:
    shown, ball = panel(TRUE)
    ball.probe = None  # type: ignore[assignment]
    for kept, on in ((["image"], False), (None, True)):
        [update] = shown._check(kept, None, on, "image", DEFAULT, Turns())
        assert update == {shown.line: "", shown.curves: ""}


def test_trouble_is_one_sentence() -> None:
    shown, ball = panel(TRUE)

    def refuse(*_: Any) -> Probe:
        raise UserError("There is no <such> word.")

    ball.probe = refuse  # type: ignore[method-assign]
    last = list(shown._check(["image"], None, True, "image", DEFAULT, Turns()))[-1]
    assert "There is no &lt;such&gt; word." in last[shown.line]


def test_a_shuffled_map_is_drawn_and_checked_in_the_same_order(monkeypatch: pytest.MonkeyPatch) -> None:
    values = np.arange(64.0).reshape(8, 8)
    assert as_asked(values) is values
    monkeypatch.setenv(SHUFFLE, "1")
    assert flat(values) == [round(v / 63, 3) for v in as_asked(values.ravel())]
    assert sorted(as_asked(values).ravel()) == sorted(values.ravel()) and (as_asked(values) != values).mean() > 0.9
    shown, _ = panel(TRUE)
    last = list(shown._check(["image"], None, True, "image", DEFAULT, Turns()))[-1]
    assert "do not trust this map" in last[shown.line]


def test_strokes_become_the_mean_colour_and_nothing_else_changes() -> None:
    picture = Image.new("RGB", (300, 200), "white")
    ImageDraw.Draw(picture).ellipse((40, 40, 140, 140), fill="red")
    mean = np.asarray(picture, float).mean(axis=(0, 1)).round()
    stroke = {"width": 0.4, "points": [[0.3, 0.3]]}  # Of the longer side: a disc of radius 60 around (90, 90).
    after = np.asarray(erased(picture, "run", {"run": "run", "strokes": [stroke]}))
    down, across = np.mgrid[:200, :300]
    away = np.hypot(across - 90, down - 90)
    assert (after[away < 58] == mean).all() and (after[away > 62] == np.asarray(picture)[away > 62]).all()
    line = {"width": 0.02, "points": [[0.1, 0.5], [0.9, 0.5]]}
    assert (np.asarray(erased(picture, "run", {"run": "run", "strokes": [line]}))[150, 40:260] == mean).all()


@pytest.mark.parametrize("value", [None, {}, {"run": "other", "strokes": [{}]}, {"run": "run", "strokes": []}])
def test_nothing_painted_here_erases_nothing(value: Any) -> None:
    assert erased(Image.new("RGB", (8, 8)), "run", value) is None


@pytest.mark.parametrize(
    "stroke",
    [{}, {"width": "x", "points": []}, {"width": 1, "points": [[float("nan"), 0]]}, {"width": 1, "points": [1]}],
)
def test_what_no_brush_paints_is_one_sentence(stroke: Any) -> None:
    with pytest.raises(UserError, match="paint again"):
        erased(Image.new("RGB", (8, 8)), "run", {"run": "run", "strokes": [stroke]})


def test_struck_words_are_gone() -> None:
    shown = to_strike("what  color is the star?")
    assert shown["words"] == ["what", "color", "is", "the", "star?"] and shown["struck"] == []
    assert without_struck("what  color is the star?", {**shown, "struck": [1, 4, 99, "x"]}) == "what is the"
    assert without_struck("what  color is the star?", shown) is None
    assert without_struck("another text", {**shown, "struck": [0]}) is None
    assert without_struck("what", None) is None


def test_what_changed_is_told_in_words() -> None:
    before, after = "a red star above a blue house", "a star above a blue car"
    gone, new = changed_words(before.split(), after.split())
    assert (gone, new) == ({1, 6}, {5})
    assert told_of_captions(2, 1) == "The caption changes: 2 words of it went, 1 word came (underlined)."
    assert "the same" in told_of_captions(0, 0)
    first, then = [("red", 0.97), ("blue", 0.01)], [("blue", 0.5), ("red", 0.125)]
    assert told_of_answers(first, then) == "“red” (0.97) becomes “blue” (0.50); “red” is left with 0.12."
    assert told_of_answers(first, first) == "“red” stays: 0.97 before, 0.97 after."
