"""Captions are true; the long styles name everything."""

from __future__ import annotations

from random import Random

import pytest

from mm_demo.evaluation.facts import judge, read_caption
from mm_demo.scenes import make_scene
from mm_demo.scenes.captions import STYLES, caption_of


@pytest.mark.parametrize("style", STYLES)
def test_captions_are_true(style: str) -> None:
    for seed in range(150):
        objects = make_scene(seed).objects
        caption = caption_of(objects, Random(seed), style)
        facts, named = judge(caption, objects)
        if style == "phrase":
            assert any(named), caption
            continue
        assert facts and all(facts), (caption, objects)
        assert all(named), caption


def test_some_captions_state_a_relation() -> None:
    captions = [caption_of(make_scene(seed).objects, Random(0), "full") for seed in range(60)]
    assert sum(bool(read_caption(caption)[1]) for caption in captions) > 15
