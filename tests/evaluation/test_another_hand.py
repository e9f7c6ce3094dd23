"""The pictures by another hand say truly what is on them."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache

import numpy as np
import pytest
from matplotlib.colors import rgb_to_hsv
from PIL import Image
from scipy.ndimage import maximum_filter

from mm_demo.evaluation.another_hand.mouse import draw_by_mouse
from mm_demo.evaluation.another_hand.pictures import draw_picture
from mm_demo.scenes.truth import COLORS, KINDS, Scene

SEEDS = 200
Draw = Callable[[int], Scene]


@cache
def _scenes(draw: Draw) -> tuple[Scene, ...]:
    return tuple(draw(seed) for seed in range(SEEDS))


@pytest.fixture(params=[draw_picture, draw_by_mouse], ids=["pictures", "mouse"])
def draw(request: pytest.FixtureRequest) -> Draw:
    chosen: Draw = request.param
    return chosen


def _votes(pixels: np.ndarray) -> dict[str, int]:
    """How many of the (n, 3) uint8 pixels a plain reading of hue, saturation and value gives each name.

    White, greys, browns, window glass and whatever lies between two names get no vote.
    """
    hue, saturation, value = rgb_to_hsv(pixels / 255.0).T
    hue = hue * 360
    black = value < 0.2
    vivid = ~black & (saturation > 0.3)
    pink = vivid & (hue > 315) & (hue < 350) & (saturation < 0.66) & (value > 0.85)
    strong = vivid & (saturation > 0.5) & ~pink
    names = {
        "black": black,
        "pink": pink,
        "red": strong & ((hue > 340) | (hue < 14)) & (value > 0.6),
        "orange": strong & (hue > 18) & (hue < 41) & (value > 0.75),
        "yellow": vivid & (hue > 45) & (hue < 68) & (value > 0.75),
        "green": strong & (hue > 80) & (hue < 165),
        "blue": strong & (hue > 195) & (hue < 250),
        "purple": strong & (hue > 260) & (hue < 312),
    }
    return {name: int(is_it.sum()) for name, is_it in names.items()}


def test_same_seed_same_scene_even_from_threads(draw: Draw) -> None:
    with ThreadPoolExecutor(4) as pool:
        again = list(pool.map(draw, range(24)))
    for first, second in zip(_scenes(draw), again, strict=False):
        assert np.array_equal(first.picture, second.picture)
        assert len(first.objects) == len(second.objects)
        for a, b in zip(first.objects, second.objects, strict=True):
            assert (a.kind, a.color, a.size, a.box) == (b.kind, b.color, b.size, b.box)
            assert np.array_equal(a.mask, b.mask)


def test_seeds_differ(draw: Draw) -> None:
    assert len({scene.picture.tobytes() for scene in _scenes(draw)}) == SEEDS


def test_boxes_are_the_tight_rectangles_around_masks(draw: Draw) -> None:
    for scene in _scenes(draw):
        height, width = scene.picture.shape[:2]
        for thing in scene.objects:
            assert thing.mask.shape == (height, width) and thing.mask.dtype == bool
            box = Image.fromarray(thing.mask).getbbox()
            assert box is not None
            assert thing.box == pytest.approx((box[0] / width, box[1] / height, box[2] / width, box[3] / height))


def test_no_pixel_belongs_to_two_objects(draw: Draw) -> None:
    for scene in _scenes(draw):
        assert np.sum([thing.mask for thing in scene.objects], axis=0).max() == 1


def test_sizes_are_what_their_names_promise(draw: Draw) -> None:
    for scene in _scenes(draw):
        height, width = scene.picture.shape[:2]
        for thing in scene.objects:
            left, top, right, bottom = thing.box
            across = max((right - left) * width, (bottom - top) * height) / min(height, width)
            assert 0.15 < across < 0.3 if thing.size == "small" else 0.33 < across < 0.56, (thing.kind, across)


def test_the_named_colour_is_the_one_that_shows_most(draw: Draw) -> None:
    for seed, scene in enumerate(_scenes(draw)):
        for thing in scene.objects:
            votes = _votes(scene.picture[thing.mask])
            assert max(votes, key=lambda name: votes[name]) == thing.color, (seed, thing.kind, thing.color, votes)


def test_everything_occurs(draw: Draw) -> None:
    objects = [thing for scene in _scenes(draw) for thing in scene.objects]
    assert {thing.kind for thing in objects} == set(KINDS)
    assert {thing.color for thing in objects} == set(COLORS)
    assert {thing.size for thing in objects} == {"small", "large"}
    assert len({(thing.kind, thing.color) for thing in objects}) > 100


@pytest.mark.parametrize(("draw", "most"), [(draw_picture, 5), (draw_by_mouse, 4)])
def test_number_of_objects(draw: Draw, most: int) -> None:
    assert {len(scene.objects) for scene in _scenes(draw)} == set(range(1, most + 1))


def test_picture_sizes() -> None:
    assert {scene.picture.shape for scene in _scenes(draw_picture)} == {(480, 640, 3)}
    assert {scene.picture.shape for scene in _scenes(draw_by_mouse)} == {(480, 640, 3), (512, 512, 3)}
    assert all(scene.picture.dtype == np.uint8 for draw in (draw_picture, draw_by_mouse) for scene in _scenes(draw))


def test_nothing_is_drawn_outside_the_masks(draw: Draw) -> None:
    """JPEG rings a few pixels far, so masks are widened; what is left of a white ground must be white."""
    seen = 0
    for scene in _scenes(draw)[:60]:
        union = np.any([thing.mask for thing in scene.objects], axis=0)
        around = maximum_filter(union, size=33)
        rest = scene.picture[~around]
        if np.median(rest, axis=0).min() < 255:
            continue
        seen += 1
        assert rest.min() > 245
    assert seen > 15


def test_a_mouse_drawing_is_an_outline() -> None:
    """Large closed shapes are mostly as white as the board inside, and their mask holds that inside."""
    for scene in _scenes(draw_by_mouse):
        for thing in scene.objects:
            if thing.kind in ("circle", "square", "heart") and thing.size == "large":
                white = (scene.picture[thing.mask] > 250).all(axis=1).mean()
                assert 0.5 < white < 0.97
