"""A bank of drawn scenes on disk: drawing costs as much as a training step, so every script draws once and shares."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib.format import open_memmap
from tqdm import tqdm

from mm_demo.scenes import COLORS, KINDS, SIZES, SceneObject, make_scene

SIDE = 128
GRID = 8
MOST = 5
_CHUNK = 500
_COVERED = 0.12
"""A patch belongs to the object that covers most of it, if that is at least this much of the patch."""


@dataclass(frozen=True)
class Bank:
    """Scenes as arrays, memory-mapped.

    Attributes:
        pictures: (n, SIDE, SIDE, 3) uint8.
        owners: (n, GRID, GRID) uint8: which object owns the patch, from 1; 0 for the background.
        names: (n, MOST, 3) int8: kind, colour, size as indices into KINDS, COLORS, SIZES; -1 where there is no object.
        boxes: (n, MOST, 4) float32: left, top, right, bottom as fractions.
    """

    pictures: np.ndarray
    owners: np.ndarray
    names: np.ndarray
    boxes: np.ndarray

    def __len__(self) -> int:
        return len(self.pictures)

    def objects(self, index: int, mirrored: bool) -> tuple[SceneObject, ...]:
        """The objects of a scene, back to front, without their pixel masks; mirrored left to right if asked."""
        return tuple(_objects(self.names[index], self.boxes[index], mirrored))


def _objects(names: np.ndarray, boxes: np.ndarray, mirrored: bool) -> Iterator[SceneObject]:
    for (kind, color, size), (left, top, right, bottom) in zip(names.tolist(), boxes.tolist(), strict=True):
        if kind >= 0:
            box = (1 - right, top, 1 - left, bottom) if mirrored else (left, top, right, bottom)
            yield SceneObject(KINDS[kind], COLORS[color], SIZES[size], box, np.empty((0, 0), dtype=bool))


def _draw(folder: Path, start: int) -> int:
    arrays = {
        name: np.load(folder / f"{name}.npy", mmap_mode="r+") for name in ("pictures", "owners", "names", "boxes")
    }
    stop = min(start + _CHUNK, len(arrays["pictures"]))
    for i in range(start, stop):
        scene = make_scene(i, SIDE, "train")
        arrays["pictures"][i] = scene.picture
        masks = np.stack([o.mask for o in scene.objects])
        step = SIDE // GRID
        cover = masks.reshape(len(masks), GRID, step, GRID, step).mean((2, 4))
        arrays["owners"][i] = np.where(cover.max(0) >= _COVERED, cover.argmax(0) + 1, 0)
        arrays["names"][i] = -1
        for j, o in enumerate(scene.objects):
            arrays["names"][i, j] = KINDS.index(o.kind), COLORS.index(o.color), SIZES.index(o.size)
            arrays["boxes"][i, j] = o.box
    return stop


def open_bank(folder: Path, n: int, workers: int) -> Bank:
    """Open the bank in a folder, drawing what is missing. A killed run goes on where it stopped.

    Args:
        folder: made where it doesn't exist; about 50 KB a scene.
        n: number of training scenes, seeds 0…n-1.
        workers: processes that draw.
    """
    folder.mkdir(parents=True, exist_ok=True)
    state = folder / "drawn.json"
    shapes = {
        "pictures": ((n, SIDE, SIDE, 3), np.uint8),
        "owners": ((n, GRID, GRID), np.uint8),
        "names": ((n, MOST, 3), np.int8),
        "boxes": ((n, MOST, 4), np.float32),
    }
    done: dict[str, Any] = json.loads(state.read_text()) if state.exists() else {"n": n, "chunks": []}
    if done["n"] != n or not all((folder / f"{name}.npy").exists() for name in shapes):
        done = {"n": n, "chunks": []}
        for name, (shape, kind) in shapes.items():
            open_memmap(folder / f"{name}.npy", mode="w+", dtype=kind, shape=shape).flush()
    todo = [start for start in range(0, n, _CHUNK) if start not in set(done["chunks"])]
    if todo:
        with ProcessPoolExecutor(workers) as pool, tqdm(total=len(todo) * _CHUNK, unit="scene", desc="drawing") as bar:
            for start, _ in zip(todo, pool.map(partial(_draw, folder), todo), strict=True):
                done["chunks"].append(start)
                state.write_text(json.dumps(done))
                bar.update(_CHUNK)
    return Bank(*(np.load(folder / f"{name}.npy", mmap_mode="r") for name in shapes))
