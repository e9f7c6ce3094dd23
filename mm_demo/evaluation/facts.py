"""What a caption of the picture world states: counted groups of coloured kinds, and relations between them."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

from mm_demo.scenes import COLORS, KINDS, SceneObject
from mm_demo.scenes.words import COUNT_WORDS, RELATIONS, plural

_KIND_OF = {name: kind for kind in KINDS for name in (kind, plural(kind))}
_COUNT_OF = {"a": 1, "an": 1, **{word: number for number, word in enumerate(COUNT_WORDS)}}
_RELATION_OF = {phrase: relation for relation, phrases in RELATIONS.items() for phrase in phrases}
_THING = "|".join(sorted(_KIND_OF, key=len, reverse=True))
_GROUP = re.compile(rf"\b(?:({'|'.join(_COUNT_OF)}) )?(?:(small|large) )?({'|'.join(COLORS)}) ({_THING})\b")
_BETWEEN = re.compile(rf"^\s*({'|'.join(sorted(_RELATION_OF, key=len, reverse=True))})\s*$")


@dataclass(frozen=True)
class Group:
    """ "two red stars": count, colour and kind, and the size where it is said."""

    count: int
    color: str
    kind: str
    size: str | None = None


@dataclass(frozen=True)
class Relation:
    """The first group's object is left, right, above or below of the second's; indices into the caption's groups."""

    first: int
    relation: str
    second: int


def read_caption(caption: str) -> tuple[list[Group], list[Relation]]:
    """The groups in the order they are named, and the relations between neighbours."""
    found = list(_GROUP.finditer(caption))
    groups = [Group(_COUNT_OF.get(m[1], 1), m[3], _KIND_OF[m[4]], m[2]) for m in found]
    relations = []
    for i, (a, b) in enumerate(zip(found, found[1:], strict=False)):
        between = _BETWEEN.match(caption[a.end() : b.start()])
        if between:
            relations.append(Relation(i, _RELATION_OF[between[1]], i + 1))
    return groups, relations


def judge(caption: str, objects: tuple[SceneObject, ...]) -> tuple[list[bool], list[bool]]:
    """Holds a caption against the truth.

    Returns:
        For every stated fact (a group with its count, a size, a relation) whether it is true; and for every object of
        the scene whether the caption names it by colour and kind, each mention counting once.
    """
    groups, relations = read_caption(caption)
    facts = []
    stated: Counter[tuple[str, str]] = Counter()
    for group in groups:
        stated[group.color, group.kind] += group.count
    for group in groups:
        alike = [o for o in objects if (o.color, o.kind) == (group.color, group.kind)]
        total = stated[group.color, group.kind]
        # "a red star" is true of two, and named twice it is said of both; a number is true of that many alone.
        facts.append(0 < total <= len(alike) and (group.count == 1 or total == len(alike)))
        if group.size is not None:
            facts.append(any(o.size == group.size for o in alike))
    for relation in relations:
        firsts, seconds = (
            [o for o in objects if (o.color, o.kind) == (groups[i].color, groups[i].kind)]
            for i in (relation.first, relation.second)
        )
        facts.append(any(_is(a, relation.relation, b) for a in firsts for b in seconds if a is not b))
    named = []
    for o in objects:
        named.append(stated[o.color, o.kind] > 0)
        stated[o.color, o.kind] -= 1
    return facts, named


def _is(a: SceneObject, relation: str, b: SceneObject) -> bool:
    axis = 0 if relation in ("left", "right") else 1
    return (a.center[axis] < b.center[axis]) == (relation in ("left", "above"))
