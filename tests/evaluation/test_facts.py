"""Captions written by hand, judged against scenes written by hand."""

from __future__ import annotations

import numpy as np

from mm_demo.evaluation.facts import Group, Relation, judge, read_caption
from mm_demo.scenes import SceneObject

NOTHING = np.zeros((4, 4), dtype=bool)
STAR = SceneObject("star", "red", "small", (0.1, 0.1, 0.3, 0.3), NOTHING)
HOUSE = SceneObject("house", "blue", "large", (0.1, 0.5, 0.6, 0.9), NOTHING)
FISH = [SceneObject("fish", "green", "small", (x, 0.1, x + 0.2, 0.3), NOTHING) for x in (0.4, 0.7)]


def test_reading() -> None:
    groups, relations = read_caption("a red star above a large blue house , two green fish and an orange umbrella")
    assert groups == [
        Group(1, "red", "star"),
        Group(1, "blue", "house", "large"),
        Group(2, "green", "fish"),
        Group(1, "orange", "umbrella"),
    ]
    assert relations == [Relation(0, "above", 1)]


def test_truth_and_lies() -> None:
    scene = (STAR, HOUSE, *FISH)
    assert judge("a red star above a blue house and two green fish", scene) == ([True] * 4, [True] * 4)
    assert judge("a red star below a blue house", scene) == ([True, True, False], [True, True, False, False])
    assert judge("three green fish", scene) == ([False], [False, False, True, True])
    assert judge("two green fish", (STAR, FISH[0])) == ([False], [False, True])
    assert judge("a green fish", scene) == ([True], [False, False, True, False])
    assert judge("a green fish and a green fish", scene) == ([True, True], [False, False, True, True])
    assert judge("a red star and a red star", scene) == ([False, False], [True, False, False, False])
    assert judge("a large red star", scene) == ([True, False], [True, False, False, False])
    assert judge("", scene) == ([], [False] * 4)
