"""Which object of a picture a person's words single out."""

from __future__ import annotations

import re
from collections.abc import Sequence

from mm_demo.scenes.truth import COLORS, KINDS, SceneObject


def named(objects: Sequence[SceneObject], text: str) -> SceneObject | None:
    """The one object that has every kind and every colour among the words; None where none or several have.

    "what color is the star?" means the only star there is, "red" in a caption the only red object. Words that place
    one object by another ("left of the car") are not understood: two kinds fit no object.
    """
    words = set(re.findall(r"[a-z]+", text.lower()))
    kinds, colors = words.intersection(KINDS), words.intersection(COLORS)
    if not kinds and not colors:
        return None
    fitting = [thing for thing in objects if kinds <= {thing.kind} and colors <= {thing.color}]
    return fitting[0] if len(fitting) == 1 else None
