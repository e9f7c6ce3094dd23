"""Captions in several styles, from a short phrase to a sentence that names every object and one relation."""

from __future__ import annotations

from random import Random

from mm_demo.scenes.references import Objects
from mm_demo.scenes.relations import extent, side_of
from mm_demo.scenes.words import COUNT_WORDS, RELATIONS, article, plural

STYLES: dict[str, float] = {"full": 0.7, "phrase": 0.1, "sentence": 0.1, "list": 0.1}
"""Each style with its share in training. Each begins with words of its own, so that a prompt chooses it."""


def caption_of(objects: Objects, rng: Random, style: str | None = None) -> str:
    """A true caption.

    Args:
        objects: of the scene.
        rng: chooses the style where none is named.
        style: "full" names every object from left to right and one relation; "phrase" ("picture of …") the largest
            object; "sentence" ("there is …") every object with its size; "list" ("3 objects : …") counts first.
    """
    style = style or rng.choices(list(STYLES), list(STYLES.values()))[0]
    if style == "phrase":
        return f"picture of {_one(max(objects, key=extent))}"
    if style == "sentence":
        ordered = _left_to_right(objects)
        verb = "is" if len(ordered[0]) == 1 else "are"
        return f"there {verb} {_joined([_group(group, sized=True) for group in ordered])}"
    if style == "list":
        many = "object" if len(objects) == 1 else "objects"
        return f"{len(objects)} {many} : {_joined([_group(group) for group in _left_to_right(objects)])}"
    return _full(objects)


def _full(objects: Objects) -> str:
    groups = _left_to_right(objects)
    said = [_group(group) for group in groups]
    if len(groups) > 1 and len(groups[0]) == len(groups[1]) == 1:
        side = side_of(groups[0][0], groups[1][0])
        if side is not None:
            said[:2] = [f"{said[0]} {RELATIONS[side][1 if side in ('left', 'right') else 0]} {said[1]}"]
    return _joined(said)


def _left_to_right(objects: Objects) -> list[Objects]:
    """Objects alike in kind and colour together, the groups by their leftmost centre."""
    groups: dict[tuple[str, str], list] = {}
    for o in sorted(objects, key=lambda o: o.center[0]):
        groups.setdefault((o.color, o.kind), []).append(o)
    return list(groups.values())


def _group(group: Objects, sized: bool = False) -> str:
    first = group[0]
    size = f"{first.size} " if sized and all(o.size == first.size for o in group) else ""
    name = f"{size}{first.color} {first.kind}"
    return f"{article(name)} {name}" if len(group) == 1 else f"{COUNT_WORDS[len(group)]} {plural(name)}"


def _one(o: object) -> str:
    return _group((o,))  # type: ignore[arg-type]


def _joined(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{' , '.join(parts[:-1])} and {parts[-1]}"
