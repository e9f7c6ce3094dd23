"""A person's own data: an .npz, or a folder of .npy files, with modalities, labels and, if they like, splits.

What it holds, as keys of the .npz or as names of the files:

- `labels`: (examples,) whole numbers or texts;
- `split`, optional: (examples,) texts "train", "validation" and "test"; else 70, 15 and 15 % of every class are drawn;
- every other name is a modality: numbers (examples, features), or (examples, length, features) for a sequence;
- `NAME_mask`, optional: (examples, length) booleans, True where the sequence of modality NAME is real.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from mm_demo.errors import UserError
from mm_demo.fusion import LateFusion, Shape
from mm_demo.lab.data.arrays import MASK, open_arrays
from mm_demo.lab.data.dataset import Dataset, Modalities, ModalityData, standardised
from mm_demo.lab.data.splitting import draw_splits, given_splits

MOST_CLASSES = 1_000
FEWEST = 3
"""Examples a class needs, so that there can be one in every split."""


def own(path: Path) -> Dataset:
    """Read a person's own data; every feature is standardised over the training part.

    Raises:
        UserError: what is wrong with it, and what to do, in one sentence.
    """
    arrays = open_arrays(path)
    if "labels" not in arrays:
        raise UserError(f"“{path.name}” has no `labels`: add an array of one label an example.")
    classes, labels = _labels(arrays.pop("labels"))
    split = arrays.pop("split", None)
    masks = {name.removesuffix(MASK): arrays.pop(name) for name in list(arrays) if name.endswith(MASK)}
    if len(arrays) < 2:
        found = f"only “{next(iter(arrays))}”" if arrays else "none"
        raise UserError(f"Fusion takes two modalities or more and “{path.name}” has {found}: add another array.")
    if stray := sorted(set(masks) - set(arrays)):
        raise UserError(f"“{stray[0]}{MASK}” masks a modality “{stray[0]}” that isn't there: rename one of the two.")
    _check_names(arrays)
    modalities = {name: _modality(name, array, masks.get(name), len(labels)) for name, array in arrays.items()}
    splits = draw_splits(labels) if split is None else given_splits(split, len(labels))
    if absent := sorted(set(range(len(classes))) - set(labels[splits["train"]].tolist())):
        raise UserError(f"Class “{classes[absent[0]]}” isn't in the training part: move some of its examples there.")
    return Dataset(path.stem, path.stem, _standardised(modalities, splits["train"]), labels, classes, splits)


def _labels(array: NDArray[np.generic]) -> tuple[tuple[str, ...], torch.Tensor]:
    """The classes' names in order, and the index of every example's."""
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim != 1:
        raise UserError(f"`labels` has the shape {array.shape}: give one label an example.")
    if not len(array):
        raise UserError("There are 0 examples: add some.")
    if array.dtype.kind == "f":
        numbers = array.astype(np.float64)
        if not (np.isfinite(numbers).all() and (numbers == np.round(numbers)).all()):
            raise UserError("`labels` holds fractions or NaN: give whole numbers or names, one for each class.")
        array = numbers.astype(np.int64)
    if array.dtype.kind not in "iubU":
        raise UserError(f"`labels` holds {array.dtype}: give whole numbers or names, one for each class.")
    names, labels, counts = np.unique(array, return_inverse=True, return_counts=True)
    if len(names) < 2:
        raise UserError(f"All examples are of class “{names[0]}”: give two classes or more.")
    if len(names) > MOST_CLASSES:
        raise UserError(f"`labels` holds {len(names):,} different labels: at most {MOST_CLASSES:,} will do.")
    if (few := counts.min()) < FEWEST:
        found = f"{few} {'example' if few == 1 else 'examples'}"
        raise UserError(
            f"Class “{names[counts.argmin()]}” has only {found}: every class needs {FEWEST}, one for each split."
        )
    return tuple(map(str, names)), torch.from_numpy(labels.astype(np.int64))


def _check_names(names: Iterable[str]) -> None:
    try:
        LateFusion({name: Shape(1, 1) for name in names}, classes=2)
    except ValueError as error:
        raise UserError(f"{str(error).capitalize()}: give it another name.") from error


def _modality(name: str, array: NDArray[np.generic], mask: NDArray[np.generic] | None, examples: int) -> ModalityData:
    if array.dtype.kind not in "fiub":
        raise UserError(f"Modality “{name}” holds {array.dtype}: give numbers.")
    if array.ndim not in (2, 3) or 0 in array.shape[1:]:
        raise UserError(
            f"Modality “{name}” has the shape {array.shape}: give (examples, features) or (examples, length, features)."
        )
    if len(array) != examples:
        raise UserError(f"Modality “{name}” has {len(array):,} examples and `labels` {examples:,}: make them equal.")
    states = torch.from_numpy(np.array(array, dtype=np.float32))  # a copy: a mapped file must not stay open
    if array.ndim == 2:
        states = states[:, None]
    seen = torch.ones(states.shape[:2], dtype=torch.bool)
    if mask is not None:
        if mask.shape != tuple(states.shape[:2]) or mask.dtype.kind not in "biu":
            raise UserError(
                f"“{name}{MASK}” is {mask.dtype} of shape {mask.shape}: give booleans of shape"
                f" {tuple(states.shape[:2])}."
            )
        seen = torch.from_numpy(mask.astype(bool))
    bad = ~states[seen].isfinite()
    if bad.any():
        raise UserError(
            f"Modality “{name}” holds {int(bad.sum()):,} values that are NaN or infinite: replace them, or mask the"
            f" examples with `{name}{MASK}`."
        )
    return ModalityData(torch.where(seen[..., None], states, 0.0), seen)


def _standardised(modalities: Modalities, train: torch.Tensor) -> Modalities:
    for name, modality in modalities.items():
        if not modality.mask[train].any():
            raise UserError(f"Modality “{name}” is missing from the whole training part: leave it out.")
    return {name: standardised(modality, train) for name, modality in modalities.items()}
