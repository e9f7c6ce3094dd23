"""Pointing and mass by hand, at resolutions that divide and that do not."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from mm_demo.evidence.pointing import coverage, mass, patches_on, pointing


@pytest.fixture
def mask() -> np.ndarray:
    mask = np.zeros((8, 8), dtype=bool)
    mask[0:4, 4:8] = True
    mask[4, 4] = True
    return mask


def test_the_peak_and_its_chance(mask: np.ndarray) -> None:
    assert patches_on(mask, 2, 2).tolist() == [[False, True], [False, False]]
    assert pointing(np.array([[0.1, 0.6], [0.2, 0.1]]), mask) == (1, 0.25)
    assert pointing(np.array([[0.6, 0.1], [0.2, 0.1]]), mask) == (0, 0.25)


def test_equal_peaks_count_by_share(mask: np.ndarray) -> None:
    assert pointing(np.array([[0.6, 0.6], [0.2, 0.1]]), mask) == (0.5, 0.25)
    assert pointing(np.zeros((2, 2)), mask) == (0.25, 0.25)


def test_mass_is_positive_relevance_by_covered_area(mask: np.ndarray) -> None:
    found = mass(np.array([[0.2, 0.5], [-3.0, 0.3]]), mask)
    assert found == pytest.approx(((0.5 + 0.3 / 16) / 1.0, 17 / 64))
    assert mass(np.full((2, 2), -1.0), mask).share == 0
    assert mass(np.ones((8, 8)), mask) == pytest.approx((17 / 64, 17 / 64))


@pytest.mark.parametrize("size", [(12, 12), (7, 5), (16, 9), (3, 40)])
def test_masks_of_any_resolution_are_reduced_by_area(mask: np.ndarray, size: tuple[int, int]) -> None:
    found = coverage(mask, *size)
    # Pixels so fine that each side divides both, then plain means.
    fine = np.kron(mask, np.ones(size))
    expected = fine.reshape(size[0], 8, size[1], 8).mean((1, 3))
    assert found == pytest.approx(expected) and found.mean() == pytest.approx(mask.mean())


def test_area_agrees_with_a_box_filter(mask: np.ndarray) -> None:
    large = np.kron(mask, np.ones((16, 16))).astype(np.float32)
    boxed = np.asarray(Image.fromarray(large).resize((14, 10), Image.Resampling.BOX))
    assert coverage(large > 0, 10, 14) == pytest.approx(boxed, abs=0.1)
