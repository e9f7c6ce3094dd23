"""The live training panel's handlers over stand-in trainings, without a browser."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import gradio as gr
import numpy as np
import pytest

import mm_demo.alignment
from mm_demo.alignment import Progress, Settings
from mm_demo.alignment.measure import Recall
from mm_demo.alignment.world import SHOWN
from mm_demo.ui.retrieval.alignment import AlignmentPanel
from mm_demo.ui.retrieval.alignment_view import remark, training_html

CHOSEN = (0.1, False, 0.3, "hardest", 32, 10, 7)


def report(step: int, share: float = 0.5, uniformity: float = -2.0) -> Progress:
    found = {1: share, 5: share, 10: 1.0}
    return Progress(step, 0.25 if step else None, Recall(found, found), np.eye(SHOWN), None, 1.0, uniformity)


@pytest.fixture
def panel() -> AlignmentPanel:
    with gr.Blocks():
        return AlignmentPanel()


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Settings]:
    seen: list[Settings] = []

    def stand_in(settings: Settings) -> Iterator[Progress]:
        seen.append(settings)
        for step in (0, 5, 10):
            yield report(step, share=settings.seed / 10)

    monkeypatch.setattr(mm_demo.alignment, "train", stand_in, raising=False)
    return seen


def shown(panel: AlignmentPanel, updates: list[dict[Any, Any]]) -> list[str]:
    return [update[panel.view] for update in updates]


def test_both_losses_move_side_by_side_from_the_same_settings(panel: AlignmentPanel, asked: list[Settings]) -> None:
    updates = list(panel._train(["triplet", "contrastive"], *CHOSEN))
    assert asked == [Settings(loss, 0.1, False, 0.3, "hardest", 32, 10, 7) for loss in ("contrastive", "triplet")]  # type: ignore[arg-type]
    views = shown(panel, updates)
    assert [view.count("<section") for view in views] == [0, 2, 2, 2, 2]
    assert views[-1] == views[-2] and "chance, 1 of 100" in views[-1] and "70 %" in views[-1]
    assert [update[panel.start]["interactive"] for update in updates] == [False] * 4 + [True]
    assert [update[panel.stop]["interactive"] for update in updates] == [True] * 4 + [False]
    assert "Step 10 of 10" in updates[-1][panel.state] and "done" in updates[-1][panel.state]


def test_one_loss_alone_is_trained_alone(panel: AlignmentPanel, asked: list[Settings]) -> None:
    last = list(panel._train(["triplet"], *CHOSEN))[-1]
    assert [settings.loss for settings in asked] == ["triplet"] and "Contrastive" not in last[panel.view]


@pytest.mark.parametrize(
    ("losses", "chosen"),
    [([], CHOSEN), (["triplet"], (*CHOSEN[:-1], None)), (["triplet"], (*CHOSEN[:-1], -3)), (["<b>"], CHOSEN)],
)
def test_what_can_not_be_trained_is_one_sentence(panel: AlignmentPanel, losses: list[str], chosen: Any) -> None:
    last = list(panel._train(losses, *chosen))[-1]
    assert last[panel.view].count('role="alert"') == 1 and "<b>" not in last[panel.view]
    assert last[panel.start]["interactive"] and not last[panel.stop]["interactive"]


def test_who_stops_asking_has_stopped_the_training(panel: AlignmentPanel, monkeypatch: pytest.MonkeyPatch) -> None:
    ended: list[str] = []

    def endless(settings: Settings) -> Iterator[Progress]:
        try:
            while True:
                yield report(5)
        finally:
            ended.append(settings.loss)

    monkeypatch.setattr(mm_demo.alignment, "train", endless, raising=False)
    training = panel._train(["contrastive", "triplet"], *CHOSEN)
    assert [next(training) for _ in range(3)] and not ended
    training.close()  # type: ignore[attr-defined]
    assert sorted(ended) == ["contrastive", "triplet"]


def test_a_collapse_is_said() -> None:
    assert remark(report(5)) == "Mean cosine: right pairs 1.00, wrong pairs 0.00."
    assert remark(report(5, uniformity=-0.04)).startswith("Collapsed")


def test_a_report_carries_no_pictures() -> None:
    html = training_html({"contrastive": [report(0)], "triplet": [report(0)]}, 10)
    assert "base64" not in html and len(html) < 60_000
