"""Patches taken away: the right pixels change, and to what they should."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter
from torch import Tensor

from mm_demo.models.removal import WAYS, filling, without_patches

ROWS, COLS, PATCH = 3, 4, 8


@pytest.fixture
def pixels() -> Tensor:
    made = torch.randn((3, 26, 32), generator=torch.Generator().manual_seed(1))
    return made * torch.tensor([1.0, 2.0, 0.5])[:, None, None] + torch.tensor([0.0, 1.0, -1.0])[:, None, None]


@pytest.mark.parametrize("way", WAYS)
def test_kept_patches_stay_and_removed_ones_are_filled(pixels: Tensor, way: str) -> None:
    keep = torch.rand((5, ROWS * COLS), generator=torch.Generator().manual_seed(2)) > 0.5
    filled = filling(pixels, way)
    varied = without_patches(pixels, filled, keep, (ROWS, COLS), PATCH)
    for row, picture in zip(keep, varied, strict=True):
        expected = pixels.clone()
        for i, kept in enumerate(row.tolist()):
            y, x = divmod(i, COLS)
            if not kept:
                place = (slice(None), slice(PATCH * y, PATCH * (y + 1)), slice(PATCH * x, PATCH * (x + 1)))
                expected[place] = filled[place]
        assert torch.equal(picture, expected)


def test_nothing_is_written_into_the_picture(pixels: Tensor) -> None:
    before = pixels.clone()
    without_patches(pixels, filling(pixels, "noise"), torch.zeros(2, ROWS * COLS, dtype=torch.bool), (3, 4), PATCH)
    assert torch.equal(pixels, before)


def test_mean_is_the_pictures_own_colour(pixels: Tensor) -> None:
    assert torch.allclose(filling(pixels, "mean")[:, 5, 7], pixels.mean((1, 2)))


def test_noise_has_the_pictures_mean_and_spread_and_is_seeded(pixels: Tensor) -> None:
    large = pixels.repeat(1, 8, 8)
    noise = filling(large, "noise")
    assert torch.allclose(noise.mean((1, 2)), large.mean((1, 2)), atol=0.03)
    assert torch.allclose(noise.std((1, 2)), large.std((1, 2)), rtol=0.02)
    assert torch.equal(noise, filling(large, "noise"))
    assert not torch.equal(noise, filling(large, "noise", seed=1))


def test_blur_is_a_gaussians() -> None:
    square = torch.randn((3, 64, 64), generator=torch.Generator().manual_seed(3))
    expected = gaussian_filter(square.numpy(), (0, 4, 4), mode="mirror", truncate=3.0)
    assert np.allclose(filling(square, "blur").numpy(), expected, atol=1e-4)


def test_an_unknown_way_is_named() -> None:
    with pytest.raises(ValueError, match="glitter"):
        filling(torch.zeros(3, 8, 8), "glitter")
