"""Descriptions are true of their picture, false once falsified, and their spans name what they say."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest

from mm_demo.scenes import SceneObject, make_scene
from mm_demo.scenes.descriptions import Description, Mention, describe_all, describe_some, falsified, tell
from mm_demo.scenes.words import COLOR_WORDS, KIND_WORDS


def thing(kind: str, color: str, x: float = 0.5, y: float = 0.5, size: str = "small") -> SceneObject:
    box = (x - 0.1, y - 0.1, x + 0.1, y + 0.1)
    return SceneObject(kind, color, size, box, np.empty((0, 0), dtype=bool))


RED_STAR, BLUE_STAR, RED_HOUSE = thing("star", "red", 0.2), thing("star", "blue", 0.8), thing("house", "red", 0.5, 0.2)


@pytest.mark.parametrize("describe", [describe_all, describe_some])
def test_a_description_is_true_and_its_falsification_is_not(describe: object) -> None:
    rng = Random(0)
    for seed in range(200):
        objects = make_scene(seed).objects
        description = describe(objects, rng)  # type: ignore[operator]
        assert description.fits(objects)
        changed = falsified(description, objects, rng)
        if changed is not None:
            assert changed != description
            assert not changed.fits(objects)


def test_every_object_is_named_by_the_long_form() -> None:
    for seed in range(50):
        objects = make_scene(seed).objects
        mentions = describe_all(objects, Random(seed)).mentions
        assert sorted((m.kind, m.color) for m in mentions) == sorted((o.kind, o.color) for o in objects)


@pytest.mark.parametrize(
    ("description", "objects", "true"),
    [
        (Description((Mention("star", "red"),)), [RED_STAR, BLUE_STAR], True),
        (Description((Mention("star", "red"),)), [BLUE_STAR, RED_HOUSE], False),
        (Description((Mention("star"), Mention("star"))), [RED_STAR, RED_HOUSE], False),
        (Description((Mention("star"), Mention(None, "red"))), [RED_STAR, BLUE_STAR], True),
        (Description((Mention("star"), Mention("star", "red"))), [RED_STAR, BLUE_STAR], True),
        (Description((Mention("star"),), exact=True), [RED_STAR, BLUE_STAR], False),
        (Description((Mention("star", "red"), Mention("star", "blue")), "left"), [RED_STAR, BLUE_STAR], True),
        (Description((Mention("star", "red"), Mention("star", "blue")), "right"), [RED_STAR, BLUE_STAR], False),
        (Description((Mention("house", region="top"),)), [RED_HOUSE], True),
        (Description((Mention("house", region="bottom"),)), [RED_HOUSE], False),
        (Description((Mention("house", size="large"),)), [RED_HOUSE], False),
    ],
)
def test_fits(description: Description, objects: list[SceneObject], true: bool) -> None:
    assert description.fits(objects) is true


def test_what_is_close_to_call_counts_as_true() -> None:
    at_the_border = thing("cup", "pink", 0.335)
    assert Description((Mention(region="left"),)).fits([at_the_border])
    assert Description((Mention(region="center"),)).fits([at_the_border])
    side_by_side = [thing("cup", "pink", 0.5), thing("cup", "red", 0.55)]
    for relation in ("left", "right"):
        assert Description((Mention(color="pink"), Mention(color="red")), relation).fits(side_by_side)


def test_spans_are_the_words_of_their_mention() -> None:
    rng = Random(3)
    for seed in range(150):
        objects = make_scene(seed).objects
        description = describe_all(objects, rng)
        told = tell(description, rng)
        for start, end, at in told.spans:
            mention = description.mentions[at]
            assert told.text[start:end] in (*KIND_WORDS[mention.kind or ""], *COLOR_WORDS[mention.color or ""])
        alike = len(set(description.mentions)) < len(description.mentions)
        assert alike or len(told.spans) == 2 * len(description.mentions)


def test_alike_objects_are_counted() -> None:
    text = tell(Description((Mention("star", "red"),) * 2 + (Mention("cup", "blue"),)), Random(0)).text
    assert "two red stars" in text and "a blue" in text
