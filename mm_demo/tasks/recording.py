"""Samples as they were recorded, in any number of channels and any type, mixed to one channel piece by piece."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from mm_demo.errors import UserError

BLOCK = 4096
"""Samples a channel that are looked at at once, so that many channels need little memory."""

_CANCELLED = 1e-3
"""Channels whose mean has less of their power than this cancel each other out, as a reversed pair does."""

_FULL_SCALE = 0.99
"""Clipped samples stand here or above; 8-bit sound ends at 0.992."""


@dataclass(frozen=True)
class Recording:
    """One channel at the rate it was recorded at.

    Attributes:
        samples: (n,) float32, finite, usually −1…1.
        rate: samples a second.
        seconds: length of the whole recording, of which `samples` may be the beginning; None where nobody knows, but
            it goes on behind `samples`.
        unusable: share of the samples that were no numbers, 0…1; they are silence here.
        clipped: share of the samples that stick at full scale, 0…1.
        damaged: True where less could be read than the file promises.
    """

    samples: np.ndarray
    rate: int
    seconds: float | None
    unusable: float
    clipped: float
    damaged: bool = False


def mix(blocks: Iterable[np.ndarray], rate: int, seconds: float | None) -> Recording:
    """Average the channels.

    Args:
        blocks: (n, channels) float32 each, in order, of any values.
        rate, seconds: as in `Recording`.
    """
    mixed, values, unusable, clipped = [np.zeros(0, np.float32)], 0, 0, 0
    for block in blocks:
        numbers = np.isfinite(block)
        values += block.size
        unusable += block.size - int(numbers.sum())
        usable = np.where(numbers, block, 0).astype(np.float64)
        clipped += _stuck(usable)
        mixed.append(_one_channel(usable))
    total = max(1, values)
    return Recording(np.concatenate(mixed), rate, seconds, unusable / total, clipped / total)


def mix_array(array: np.ndarray, rate: int, limit: float) -> Recording:
    """The first `limit` seconds of an array.

    Args:
        array: (n,), (n, channels) or (channels, n): the longer axis is time.

    Raises:
        UserError: it is not shaped like a sound, holds no samples, or something other than such numbers.
    """
    if array.ndim not in (1, 2):
        raise UserError(f"An array of shape {array.shape} is not a sound: give (samples,) or (samples, channels).")
    if array.size == 0:
        raise UserError("The recording holds no samples: record again.")
    if array.dtype.kind not in "iuf" or (array.dtype.kind in "iu" and array.dtype.itemsize > 4):
        raise UserError(f"An array of {array.dtype} is not a sound: give int16, int32, or floats from −1 to 1.")
    columns = array.reshape(-1, 1) if array.ndim == 1 else array.T if array.shape[0] < array.shape[1] else array
    kept = columns[: round(limit * rate)]
    return mix(_scaled(kept), rate, len(columns) / rate)


def _scaled(columns: np.ndarray) -> Iterator[np.ndarray]:
    for start in range(0, len(columns), BLOCK):
        block = columns[start : start + BLOCK]
        if columns.dtype.kind == "f":
            with np.errstate(over="ignore"):  # what is too large becomes infinite, and is counted as such
                yield block.astype(np.float32)
        else:
            half = 2.0 ** (8 * columns.dtype.itemsize - 1)
            yield (block / half - (columns.dtype.kind == "u")).astype(np.float32)


def _one_channel(block: np.ndarray) -> np.ndarray:
    """(n, channels) → (n,): the mean, or the loudest channel where the mean would be next to nothing."""
    mean = block.mean(axis=1)
    powers = np.square(block).sum(axis=0)
    if np.square(mean).sum() < _CANCELLED * powers.mean():
        mean = block[:, powers.argmax()]
    return mean.astype(np.float32)


def _stuck(block: np.ndarray) -> int:
    """How many samples are near full scale and the same as the two before them."""
    high = np.abs(block[2:]) >= _FULL_SCALE
    return int((high & (block[2:] == block[1:-1]) & (block[1:-1] == block[:-2])).sum())
