"""What holds between objects: sides, parts of the picture, and how clear either is."""

from __future__ import annotations

from mm_demo.scenes.truth import SceneObject

CLEAR = 0.1
"""Centres closer than this, as a fraction of the picture, are on neither side of each other."""


def side_of(a: SceneObject, b: SceneObject) -> str | None:
    """The one side of b on which a mainly is: "left", "right", "above", "below"; None on a diagonal or too near."""
    dx, dy = a.center[0] - b.center[0], a.center[1] - b.center[1]
    if max(abs(dx), abs(dy)) < 1.5 * CLEAR:
        return None
    if abs(dx) > 1.4 * abs(dy):
        return "left" if dx < 0 else "right"
    if abs(dy) > 1.4 * abs(dx):
        return "above" if dy < 0 else "below"
    return None


def holds(a: SceneObject, relation: str, b: SceneObject) -> bool | None:
    """Whether a is left/right/above/below of b by their centres; None where that is too close to call."""
    axis = 0 if relation in ("left", "right") else 1
    difference = a.center[axis] - b.center[axis]
    if abs(difference) < CLEAR:
        return None
    return (difference < 0) == (relation in ("left", "above"))


def half_of(o: SceneObject, axis: int) -> str | None:
    """ "left"/"right" (axis 0) or "top"/"bottom" (axis 1) of the picture; None near the middle."""
    at = o.center[axis]
    if abs(at - 0.5) < 0.08:
        return None
    return (("left", "right"), ("top", "bottom"))[axis][int(at > 0.5)]


def region_of(o: SceneObject) -> str | None:
    """The ninth of the picture that holds the centre, as "top left" … "center"; None near a border between ninths."""
    names = []
    for at, words in zip(o.center[::-1], (("top", "", "bottom"), ("left", "", "right")), strict=True):
        if min(abs(at - 1 / 3), abs(at - 2 / 3)) < 0.03:
            return None
        names.append(words[int(at * 3 * 0.999)])
    return " ".join(n for n in names if n) or "center"


def extent(o: SceneObject) -> float:
    """The longer side of the box, as a fraction of the picture."""
    left, top, right, bottom = o.box
    return max(right - left, bottom - top)


def bigger(a: SceneObject, b: SceneObject) -> bool | None:
    """Whether a is clearly bigger than b; None where they are much alike."""
    ratio = extent(a) / extent(b)
    return None if 0.77 < ratio < 1.3 else ratio > 1
