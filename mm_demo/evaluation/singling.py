"""Galleries in which every picture has a text that is true of it alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from random import Random

import numpy as np
from PIL import Image

from mm_demo.errors import UserError
from mm_demo.scenes import Scene, SceneObject
from mm_demo.scenes.descriptions import Description, Told, describe_all, tell

_TRIES = 8
_NO_MASK = np.empty((0, 0), dtype=bool)


@dataclass(frozen=True)
class SingledOut:
    """A picture of a gallery.

    Attributes:
        seed: draws the scene again, with its masks.
        picture: RGB.
        objects: of the scene, without their masks.
        description: true of this picture and of no other in the gallery.
        told: the description in words.
    """

    seed: int
    picture: Image.Image
    objects: tuple[SceneObject, ...]
    description: Description
    told: Told


def single_out(draw: Callable[[int], Scene], seeds: Iterable[int], n: int) -> list[SingledOut]:
    """The first n scenes that a description naming all their objects can single out among those taken before.

    A scene is passed over where a text of the gallery may be true of it, or where none of a few descriptions of it is
    false of every other picture: mostly scenes with a single object, which others hold too.

    Args:
        draw: a scene from its seed.
        seeds: tried in order.
        n: size of the gallery.

    Raises:
        UserError: the seeds ran out first.
    """
    gallery: list[SingledOut] = []
    for seed in seeds:
        if len(gallery) == n:
            break
        scene = draw(seed)
        if any(other.description.fits(scene.objects) for other in gallery):
            continue
        rng = Random(seed)
        for _ in range(_TRIES):
            description = describe_all(scene.objects, rng)
            if not any(description.fits(other.objects) for other in gallery):
                bare = tuple(replace(o, mask=_NO_MASK) for o in scene.objects)
                picture = Image.fromarray(scene.picture)
                gallery.append(SingledOut(seed, picture, bare, description, tell(description, rng)))
                break
    if len(gallery) < n:
        raise UserError(f"Only {len(gallery)} pictures could be told apart by their texts: measure with a smaller n.")
    return gallery
