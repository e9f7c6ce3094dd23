"""How many pictures of each sort a checkpoint takes for its own kind."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from PIL import Image

from mm_demo.errors import UserError
from mm_demo.tasks.inputs import read_image
from mm_demo.tasks.results import ImageSource

_ENDINGS = (".jpg", ".jpeg", ".png", ".webp")


class Judging(Protocol):
    """A task that can say whether it knows a kind of picture."""

    def familiarity(self, image: ImageSource) -> tuple[bool, float]:
        """Whether the picture is familiar, and the score in 0…1."""
        ...


def familiar_share(task: Judging, pictures: Mapping[str, list[Image.Image]]) -> dict[str, Any]:
    """Per set of pictures: how many, the share found familiar, and the middle score."""
    shares = {}
    for name, found in pictures.items():
        judged = [task.familiarity(picture) for picture in found]
        shares[name] = {
            "n": len(judged),
            "familiar": sum(known for known, _ in judged) / len(judged),
            "median score": float(np.median([score for _, score in judged])),
        }
    return shares


def photographs_in(folder: Path | None) -> dict[str, list[Image.Image]]:
    """The pictures of a folder and the folders in it, as a set named "photographs"; nothing where no folder is given.

    Raises:
        UserError: there is no picture in the folder.
    """
    if folder is None:
        return {}
    paths = sorted(p for p in folder.rglob("*") if p.suffix.lower() in _ENDINGS)
    if not paths:
        raise UserError(f"There is no picture in “{folder}”: name a folder with JPEG, PNG or WebP files.")
    return {"photographs": [read_image(path) for path in paths]}
