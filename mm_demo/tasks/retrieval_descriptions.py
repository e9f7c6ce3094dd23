"""Descriptions of pictures that were never drawn: what the most similar text is chosen from where nobody gives any."""

from __future__ import annotations

from functools import cache
from random import Random

import numpy as np

from mm_demo.scenes import COLORS, KINDS, SceneObject
from mm_demo.scenes.descriptions import Description, describe_all, describe_some, tell
from mm_demo.scenes.layout import places

DESCRIPTIONS = 2000

_MOST_OBJECTS = 4
_SEEN = np.ones((1, 1), bool)


@cache
def bundled_descriptions() -> tuple[str, ...]:
    """`DESCRIPTIONS` texts, each saying something else, two in three of one or two objects; always the same."""
    rng = Random(0)
    told: dict[Description, str] = {}
    while len(told) < DESCRIPTIONS:
        objects = _objects(rng)
        description = describe_all(objects, rng) if rng.random() < 1 / 3 else describe_some(objects, rng)
        told.setdefault(description, tell(description, rng).text)
    return tuple(told.values())


def _objects(rng: Random) -> list[SceneObject]:
    spots = places(rng.randint(1, _MOST_OBJECTS), np.random.default_rng(rng.getrandbits(32)))
    return [
        SceneObject(
            kind=rng.choice(KINDS),
            color=rng.choice(COLORS),
            size=spot.size,
            box=(
                spot.x - spot.extent / 2,
                spot.y - spot.extent / 2,
                spot.x + spot.extent / 2,
                spot.y + spot.extent / 2,
            ),
            mask=_SEEN,
        )
        for spot in spots
    ]
