"""What the shipped checkpoints say of one object: each with its mask, its probe and the map of every method."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from mm_demo.attention.methods import METHODS, usable_methods
from mm_demo.evaluation.known import Known, known_answers, known_matches, known_words
from mm_demo.models.blip import BlipAnswerer, BlipCaptioner
from mm_demo.models.clip.matcher import DualEncoder
from mm_demo.models.loading import open_model
from mm_demo.scenes import make_scene

SEEDS = range(78_000_000, 78_000_003)
TRACED = {method.label for method in usable_methods(inputs=False).values()}
LAYERS = {f"{METHODS['raw'].label}, layer {i}" for i in range(3)}
MODEL = {"Grad-CAM", "HiResCAM"}


def answers() -> Iterator[Known]:
    model = open_model("vqa", device="cpu")
    assert isinstance(model, BlipAnswerer)
    return known_answers(model, map(make_scene, SEEDS), 0, costly=1)


def words() -> Iterator[Known]:
    model = open_model("caption", device="cpu")
    assert isinstance(model, BlipCaptioner)
    return known_words(model, map(make_scene, SEEDS), 0, costly=1)


def matches() -> Iterator[Known]:
    model = open_model("retrieval", device="cpu")
    assert isinstance(model, DualEncoder)
    return known_matches(model, make_scene, SEEDS, 0, costly=1)


@pytest.mark.parametrize(
    ("said", "types", "labels", "costly"),
    [
        (answers, {"color", "kind", "where"}, TRACED | LAYERS | MODEL, {"Integrated gradients", "Occlusion"}),
        (words, {"color word", "kind word"}, TRACED | LAYERS | MODEL, {"Integrated gradients", "Occlusion"}),
        (matches, {"color word", "kind word"}, TRACED, {"Occlusion"}),
    ],
)
def test_every_method_explains_what_is_known(said, types: set[str], labels: set[str], costly: set[str]) -> None:  # type: ignore[no-untyped-def]
    found = list(said())
    assert len(found) >= 2 and {known.type for known in found} <= types
    assert set(found[0].maps) == labels | costly
    for known in found:
        assert known.mask.any() and not known.mask.all()
        assert set(known.maps) - costly == labels
        assert {explained.map.shape for explained in known.maps.values()} == {known.probe.shape}
        assert all(explained.milliseconds > 0 for explained in known.maps.values())
    occluded = found[0].maps["Occlusion"].map.ravel()
    one = np.ones((2, occluded.size), bool)
    one[1, 17] = False
    whole, without = found[0].probe.score(one)
    assert occluded[17] == pytest.approx(whole - without, abs=1e-6)
