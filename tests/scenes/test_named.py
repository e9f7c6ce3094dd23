"""Words single out an object, or none."""

from __future__ import annotations

import numpy as np
import pytest

from mm_demo.scenes.named import named
from mm_demo.scenes.truth import SceneObject

MASK = np.ones((2, 2), bool)
STAR, CAR, OTHER = (
    SceneObject(kind, color, "small", (0, 0, 1, 1), MASK)
    for kind, color in (("star", "red"), ("car", "red"), ("car", "blue"))
)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("What color is the STAR?", STAR),
        ("blue", OTHER),
        ("where is the red car?", CAR),
        ("is the car red?", CAR),
        ("the car", None),
        ("red", None),
        ("a green star", None),
        ("is the star left of the car?", None),
        ("starlight", None),
        ("how many?", None),
        ("", None),
    ],
)
def test_the_object_that_has_all_that_is_said(text: str, meant: SceneObject | None) -> None:
    assert named((STAR, CAR, OTHER), text) is meant
