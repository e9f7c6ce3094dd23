"""Relevance becomes maps that sum to 1 and word weights that reach 1."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from mm_demo.attention.trace import ImageLayout, Segment, TextLayout
from mm_demo.tasks.maps import image_map, signed_relevance

IMAGE = Segment("image", "image", ("picture", "1", "2", "3"), ImageLayout(1, 3), leading=1)


def test_a_map_leaves_out_the_class_token_and_what_argues_against() -> None:
    np.testing.assert_allclose(image_map(IMAGE, torch.tensor([9.0, 3.0, -2.0, 1.0])), [[0.75, 0.0, 0.25]])


@pytest.mark.parametrize("patches", [[0.0, 0.0, 0.0], [-1.0, -1.0, 0.0], [float("inf"), 0.0, 0.0]])
def test_a_map_of_nothing_is_even(patches: list[float]) -> None:
    np.testing.assert_allclose(image_map(IMAGE, torch.tensor([1.0, *patches])), [[1 / 3] * 3])


def test_only_images_have_maps() -> None:
    with pytest.raises(TypeError, match="no image"):
        image_map(Segment("words", "text", ("a",), TextLayout("a", (None,))), torch.ones(1))


def test_signed_relevance_reaches_one() -> None:
    assert signed_relevance([1.0, -2.0, 0.5]) == [0.5, -1.0, 0.25]
    assert signed_relevance([0.0, 0.0]) == [0.0, 0.0]
    assert signed_relevance([]) == []
