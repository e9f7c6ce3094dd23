"""Which texts may be true of which pictures: a text is no negative of a picture that it also describes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from mm_demo.scenes import COLORS, KINDS, SceneObject
from mm_demo.scenes.descriptions import Description

Objects = tuple[SceneObject, ...]


def may_be_true(said: Sequence[Description], scenes: Sequence[Objects]) -> np.ndarray:
    """(scenes, descriptions) bool: which descriptions fit which scenes, also those made for another."""
    there = np.stack([_names((o.kind, o.color) for o in objects) for objects in scenes])
    needed = np.stack([_names((m.kind, m.color) for m in d.mentions) for d in said])
    # Few pairs pass this, and only those are looked at object by object.
    candidates = there.astype(np.float32) @ needed.T.astype(np.float32) == needed.sum(1)
    for scene, description in np.argwhere(candidates):
        candidates[scene, description] = said[description].fits(scenes[scene])
    return candidates


def _names(named: Iterable[tuple[str | None, str | None]]) -> np.ndarray:
    found = np.zeros(len(KINDS) + len(COLORS) + len(KINDS) * len(COLORS), bool)
    for kind, color in named:
        if kind:
            found[KINDS.index(kind)] = True
        if color:
            found[len(KINDS) + COLORS.index(color)] = True
        if kind and color:
            found[len(KINDS) + len(COLORS) + KINDS.index(kind) * len(COLORS) + COLORS.index(color)] = True
    return found
