"""The pictures are what their truth says."""

from __future__ import annotations

import colorsys

import numpy as np
import pytest

from mm_demo.scenes import COLORS, HELD_OUT_PAIRS, KINDS, SIZES, Scene, Split, make_scene

HUES = {
    "red": (345, 20),
    "orange": (13, 46),
    "yellow": (42, 68),
    "green": (80, 165),
    "blue": (195, 250),
    "purple": (255, 305),
    "pink": (320, 15),
}


@pytest.fixture(scope="module")
def scenes() -> list[Scene]:
    return [make_scene(seed) for seed in range(150)]


def test_a_seed_and_a_split_make_one_picture() -> None:
    assert np.array_equal(make_scene(5).picture, make_scene(5).picture)
    assert not np.array_equal(make_scene(5).picture, make_scene(6).picture)
    assert not np.array_equal(make_scene(5).picture, make_scene(5, split="train").picture)


@pytest.mark.parametrize("split", ["train", "test"])
def test_held_out_pairs_never_occur(split: Split) -> None:
    named = {(o.color, o.kind) for seed in range(300) for o in make_scene(seed, split=split).objects}
    assert not named & HELD_OUT_PAIRS


def test_every_scene_of_the_pairs_has_one() -> None:
    for seed in range(60):
        assert any((o.color, o.kind) in HELD_OUT_PAIRS for o in make_scene(seed, split="pairs").objects)


def test_everything_occurs(scenes: list[Scene]) -> None:
    objects = [o for scene in scenes for o in scene.objects]
    assert {o.kind for o in objects} == set(KINDS)
    assert {o.color for o in objects} == set(COLORS)
    assert {o.size for o in objects} == set(SIZES)
    assert {len(scene.objects) for scene in scenes} == {1, 2, 3, 4, 5}


def test_boxes_hug_masks_and_masks_are_apart(scenes: list[Scene]) -> None:
    for scene in scenes:
        assert np.sum([o.mask for o in scene.objects], axis=0).max() == 1
        for o in scene.objects:
            ys, xs = np.nonzero(o.mask)
            side = len(o.mask)
            assert o.box == (xs.min() / side, ys.min() / side, (xs.max() + 1) / side, (ys.max() + 1) / side)


def test_large_is_larger_than_small(scenes: list[Scene]) -> None:
    def height(o_box: tuple[float, float, float, float]) -> float:
        return max(o_box[2] - o_box[0], o_box[3] - o_box[1])

    large = [height(o.box) for scene in scenes for o in scene.objects if o.size == "large"]
    small = [height(o.box) for scene in scenes for o in scene.objects if o.size == "small"]
    assert np.quantile(large, 0.1) > np.quantile(small, 0.95)


def test_objects_show_their_colors(scenes: list[Scene]) -> None:
    """Of every object some pixels have its colour's hue; elsewhere in the picture fewer do."""
    right = total = 0
    for scene in scenes:
        for o in scene.objects:
            inside = scene.picture[o.mask]
            right += np.mean([_is(pixel, o.color) for pixel in inside]) > 0.08
            total += 1
    assert right / total > 0.95


def _is(pixel: np.ndarray, color: str) -> bool:
    hue, saturation, value = colorsys.rgb_to_hsv(*(pixel / 255))
    if color == "black":
        return value < 0.4
    low, high = HUES[color]
    hue *= 360
    within = low <= hue <= high if low < high else hue >= low or hue <= high
    return within and saturation > 0.15 and value > 0.25
