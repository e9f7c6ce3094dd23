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


# A picture of 2 × 2 cells: two small tiles above, one that spans the bottom, and the whole picture once more.
BOXES = ((0, 0, 1, 1), (0, 1, 1, 2), (1, 0, 2, 2), (0, 0, 2, 2))
TILED = Segment("image", "image", ("thumbnail", "1", "2", "3", "whole"), ImageLayout(2, 2, BOXES), leading=1)


def test_an_elements_relevance_is_shared_out_over_the_cells_that_it_covers() -> None:
    # The whole gives 1 to each cell, the tiles add 1, 2, and 4 to a pair; the leading element counts for nothing.
    found = image_map(TILED, torch.tensor([9.0, 1.0, 2.0, 4.0, 4.0]))
    np.testing.assert_allclose(found, np.array([[2.0, 3.0], [3.0, 3.0]]) / 11)


def test_a_tile_that_argues_against_takes_nothing_from_the_others() -> None:
    found = image_map(TILED, torch.tensor([0.0, 1.0, -2.0, 0.0, 4.0]))
    np.testing.assert_allclose(found, np.array([[2.0, 1.0], [1.0, 1.0]]) / 5)


def test_each_element_of_a_tiled_picture_must_cover_something() -> None:
    with pytest.raises(ValueError, match="zip"):
        image_map(TILED, torch.ones(4))


def test_a_tiled_map_of_nothing_is_even() -> None:
    np.testing.assert_allclose(image_map(TILED, torch.zeros(5)), np.full((2, 2), 0.25))


def test_only_images_have_maps() -> None:
    with pytest.raises(TypeError, match="no image"):
        image_map(Segment("words", "text", ("a",), TextLayout("a", (None,))), torch.ones(1))


def test_signed_relevance_reaches_one() -> None:
    assert signed_relevance([1.0, -2.0, 0.5]) == [0.5, -1.0, 0.25]
    assert signed_relevance([0.0, 0.0]) == [0.0, 0.0]
    assert signed_relevance([]) == []
