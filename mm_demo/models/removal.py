"""Patches of a picture taken away: what stands where they were, before any encoder sees it."""

from __future__ import annotations

import torch
from torch import Tensor
from torchvision.transforms.v2.functional import gaussian_blur

WAYS = ("mean", "blur", "noise")
"""What takes a removed patch's place: the picture's mean colour, a blurred copy, or noise of its mean and spread."""

ATTENTION = "attention"
"""The way in which patches, or words, stay where they are, and nothing else may look at them."""

_BLUR = 1 / 16
"""Standard deviation of the blur, as a share of the picture's side: shapes are gone, broad areas of colour stay."""


def filling(pixels: Tensor, way: str, seed: int = 0) -> Tensor:
    """A picture of nothing but what removed patches are replaced by, of the same shape.

    Args:
        pixels: (channels, height, width), as the encoder takes them.
        way: one of `WAYS`.
        seed: of the noise, which is the same on every device.

    Raises:
        ValueError: there is no such way.
    """
    mean = pixels.float().mean((1, 2), keepdim=True)
    if way == "mean":
        filled = mean.expand(pixels.shape)
    elif way == "blur":
        filled = _blurred(pixels.float())
    elif way == "noise":
        drawn = torch.randn(pixels.shape, generator=torch.Generator().manual_seed(seed)).to(pixels.device)
        filled = mean + pixels.float().std((1, 2), keepdim=True) * drawn
    else:
        raise ValueError(f"no way '{way}' of removing patches; choose one of: {', '.join(WAYS)}")
    return filled.to(pixels.dtype)


def without_patches(pixels: Tensor, filled: Tensor, keep: Tensor, shape: tuple[int, int], patch: int) -> Tensor:
    """One picture per row of `keep`, (n, channels, height, width).

    Args:
        pixels: (channels, height, width).
        filled: likewise, what stands where a patch was removed.
        keep: (n, rows · cols) bool, True where a patch stays; row after row.
        shape: (rows, cols) of the patches.
        patch: side of a patch in pixels. What no patch covers, at the right and below, stays.
    """
    rows, cols = shape
    mask = keep.to(pixels.device).reshape(-1, 1, rows, cols)
    mask = mask.repeat_interleave(patch, 2).repeat_interleave(patch, 3)
    varied = pixels.expand(len(mask), *pixels.shape).clone()
    covered = (..., slice(rows * patch), slice(cols * patch))
    varied[covered] = torch.where(mask, pixels[covered], filled[covered])
    return varied


def _blurred(pixels: Tensor) -> Tensor:
    """Along one axis and then the other, which is the same as both at once, and much cheaper."""
    for axis, side in ((1, pixels.shape[1]), (0, pixels.shape[2])):
        sigma = _BLUR * side
        size = [1, 1]
        size[axis] = 2 * round(3 * sigma) + 1
        pixels = gaussian_blur(pixels, size, [sigma, sigma])
    return pixels
