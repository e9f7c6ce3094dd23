"""Questions to try that fit the picture: an example's own, or ones about what its caption names."""

from __future__ import annotations

from typing import Any

from mm_demo.scenes.truth import COLORS, KINDS
from mm_demo.tasks.inputs import read_image
from mm_demo.ui.examples import example_questions

_ALWAYS = ["how many objects are there?", "what is in the middle?"]


def questions_for(picture: str | None, captioner: Any | None) -> list[str]:
    """At most five questions.

    Args:
        picture: path of the picture, or None where there is none yet.
        captioner: the caption task if it is loaded; it is asked what the picture shows.
    """
    if picture is None:
        return [*_ALWAYS, "what color is the star?"]
    known = example_questions(picture)
    if known or captioner is None:
        return known or list(_ALWAYS)
    try:
        result = captioner(read_image(picture))
    except Exception:  # Suggestions are a courtesy: what is wrong with the picture is said when one asks.
        return list(_ALWAYS)
    return about(result.answer) if result.familiar else list(_ALWAYS)


def about(caption: str) -> list[str]:
    """Questions about the objects that a caption names, then two that fit every picture."""
    words = caption.lower().replace(",", " ").split()
    kinds = list(dict.fromkeys(word for word in words if word in KINDS))
    colors = [word for word in words if word in COLORS]
    asked = [f"what color is the {kind}?" for kind in kinds[:1]]
    asked += [f"what is {color}?" for color in colors[1:2]]
    asked += [f"where is the {kind}?" for kind in kinds[1:2]]
    return asked + _ALWAYS
