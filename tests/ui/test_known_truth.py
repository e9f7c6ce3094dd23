"""Generated pictures are recognised, and a map's place on their objects is told."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mm_demo.scenes import make_scene
from mm_demo.tasks.gallery import SIDE
from mm_demo.tasks.inputs import read_image
from mm_demo.ui.evidence.known import Known, known_object, truth_line
from mm_demo.ui.examples import examples


def test_every_example_is_known_by_its_pixels_alone(tmp_path: Path) -> None:
    for example in examples():
        image = read_image(example.path)
        words = example.shows.replace(",", " ").split()
        found = [known_object(image, word) for word in words]
        assert any(found), example.shows
        for word, known in zip(words, found, strict=True):
            assert known is None or word in known.name.split()
    image.save(tmp_path / "scene-001.png")
    changed = np.asarray(image).copy()
    changed[0, 0] ^= 1
    assert known_object(Image.fromarray(changed), known.name if known else words[-1]) is None


def test_pictures_of_the_generated_gallery_are_known_by_their_file() -> None:
    scene = make_scene(7, SIDE, "test")
    image = Image.fromarray(scene.picture)
    thing = scene.objects[-1]
    known = known_object(image, f"a {thing.color} {thing.kind}", "scene-007.png")
    assert known is not None and np.array_equal(known.mask, thing.mask)
    for file in ("scene-008.png", "mine.png", "", "scene-999.png"):
        assert known_object(image, f"a {thing.color} {thing.kind}", file) is None


@pytest.mark.parametrize(("place", "said"), [((0, 0), "peaks on it"), ((1, 1), "peaks elsewhere")])
def test_the_line_tells_peak_and_weight_beside_chance(place: tuple[int, int], said: str) -> None:
    mask = np.zeros((4, 4), bool)
    mask[:2, :2] = True
    relevance = np.full((2, 2), 0.1)
    relevance[place] = 0.7
    line = truth_line(Known("red <star>", mask), relevance)
    share = 70 if place == (0, 0) else 10
    assert said in line and f"{share} % of its weight" in line and "on 25 % of the area" in line
    assert "a blind map in 25 % of cases" in line and "<star>" not in line
