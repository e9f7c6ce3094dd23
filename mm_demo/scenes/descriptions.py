"""What people type to find a picture: descriptions of some or all of its objects, with their truth."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import groupby
from random import Random

from mm_demo.scenes.references import Objects, say_color, say_kind
from mm_demo.scenes.relations import CLEAR, holds, region_of, side_of
from mm_demo.scenes.truth import COLORS, KINDS, SIZES, SceneObject
from mm_demo.scenes.words import COUNT_WORDS, RELATIONS, THING_WORDS, article, plural

_OPENINGS = (
    "",
    "",
    "",
    "a picture of ",
    "picture of ",
    "there is ",
    "find ",
    "show me ",
    "a drawing of ",
    "a photo of ",
)
_REGIONS = ("top left", "top", "top right", "left", "center", "right", "bottom left", "bottom", "bottom right")
_OPPOSITE = {"left": "right", "right": "left", "above": "below", "below": "above"}


@dataclass(frozen=True)
class Mention:
    """One object as a description has it; None where it says nothing about that.

    Attributes:
        kind: one of `KINDS`.
        color: one of `COLORS`.
        size: one of `SIZES`.
        region: the ninth of the picture that holds its centre, as `relations.region_of` names it.
    """

    kind: str | None = None
    color: str | None = None
    size: str | None = None
    region: str | None = None

    def fits(self, o: SceneObject) -> bool:
        """Whether an object may be the one meant: a place that is close to call counts as right."""
        return (
            self.kind in (None, o.kind)
            and self.color in (None, o.color)
            and self.size in (None, o.size)
            and (self.region is None or _near(self.region, o))
        )


@dataclass(frozen=True)
class Description:
    """What a text says.

    Attributes:
        mentions: the objects it names, each another one.
        relation: where the first is to the second ("left", "right", "above", "below"), or None.
        exact: True where it says how many objects there are in all.
    """

    mentions: tuple[Mention, ...]
    relation: str | None = None
    exact: bool = False

    def fits(self, objects: Objects) -> bool:
        """Whether it may be true of a picture: what is close to call counts as true."""
        if self.exact and len(objects) != len(self.mentions):
            return False
        return any(
            self.relation is None or holds(found[0], self.relation, found[1]) is not False
            for found in _assignments(self.mentions, objects)
        )


@dataclass(frozen=True)
class Told:
    """A description in words.

    Attributes:
        text: lower case.
        spans: (start, end, mention) of every kind and colour word in the text, for mentions that stand alone.
    """

    text: str
    spans: tuple[tuple[int, int, int], ...]


def describe_all(objects: Objects, rng: Random) -> Description:
    """Names every object by colour and kind, from left to right, with the first two's relation where it is clear."""
    ordered = sorted(objects, key=lambda o: o.center[0])
    sized, exact = rng.random() < 0.25, rng.random() < 0.2
    mentions = tuple(Mention(o.kind, o.color, o.size if sized else None) for o in ordered)
    related = len(ordered) > 1 and rng.random() < 0.7
    return Description(mentions, side_of(ordered[0], ordered[1]) if related else None, exact)


def describe_some(objects: Objects, rng: Random) -> Description:
    """One or two of the objects, by some of what can be said of them."""
    chosen = rng.sample(list(objects), min(len(objects), 1 if rng.random() < 0.6 else 2))
    if len(chosen) == 1:
        return Description((_partly(chosen[0], rng),))
    return Description(tuple(Mention(o.kind, o.color if rng.random() < 0.8 else None) for o in chosen),
                       side_of(*chosen) if rng.random() < 0.7 else None)  # fmt: skip


def falsified(description: Description, objects: Objects, rng: Random) -> Description | None:
    """The description with one thing changed so that it is false of the picture; None where no change was found."""
    for _ in range(6):
        changed = _changed(description, rng)
        if changed is not None and not changed.fits(objects):
            return changed
    return None


def tell(description: Description, rng: Random) -> Told:
    """Put a description into words, as one of many would."""
    mentions = description.mentions
    opening = rng.choice(_OPENINGS)
    bare = len(mentions) == 1 and not opening.endswith("is ") and rng.random() < 0.4
    writer = _Writer(opening)
    if description.exact:
        writer.text = f"{len(mentions)} {'object' if len(mentions) == 1 else 'objects'} : "
    start = 0
    if description.relation is not None:
        writer.mention(mentions[:1], 0, rng)
        writer.text += f" {rng.choice(RELATIONS[description.relation])} "
        writer.mention(mentions[1:2], 1, rng)
        start = 2
    groups = [[i for i, _ in g] for _, g in groupby(_sorted_alike(mentions, start), key=lambda pair: pair[1])]
    for at, group in enumerate(groups):
        if at or start:
            writer.text += " and " if at == len(groups) - 1 else rng.choice((" , ", ", "))
        writer.mention([mentions[i] for i in group], group[0], rng, bare)
    return Told(writer.text, tuple(writer.spans))


class _Writer:
    def __init__(self, text: str) -> None:
        self.text = text
        self.spans: list[tuple[int, int, int]] = []

    def mention(self, group: list[Mention] | tuple[Mention, ...], index: int, rng: Random, bare: bool = False) -> None:
        first, many = group[0], len(group) > 1
        thing = say_kind(first.kind, rng) if first.kind else rng.choice(THING_WORDS[:-1])
        words: list[tuple[str, bool]] = [(first.size, False)] if first.size else []
        words += [(say_color(first.color, rng), True)] if first.color else []
        words.append((plural(thing) if many else thing, first.kind is not None))
        if many:
            words.insert(0, (COUNT_WORDS[len(group)], False))
        elif not bare:
            words.insert(0, (article(words[0][0]), False))
        for place, (word, names) in enumerate(words):
            self.text += " " if place else ""
            if names and not many:
                self.spans.append((len(self.text), len(self.text) + len(word), index))
            self.text += word
        if first.region:
            where = "in the middle" if first.region == "center" else f"at the {first.region}"
            self.text += f" {where}"


def _sorted_alike(mentions: tuple[Mention, ...], start: int) -> list[tuple[int, Mention]]:
    """Mentions that say the same side by side, in the order of their first."""
    rest = list(enumerate(mentions))[start:]
    return sorted(rest, key=lambda pair: next(i for i, m in rest if m == pair[1]))


def _assignments(mentions: tuple[Mention, ...], objects: Objects) -> Iterator[tuple[SceneObject, ...]]:
    if not mentions:
        yield ()
        return
    for at, o in enumerate(objects):
        if mentions[0].fits(o):
            rest = [*objects[:at], *objects[at + 1 :]]
            for found in _assignments(mentions[1:], rest):
                yield (o, *found)


def _partly(o: SceneObject, rng: Random) -> Mention:
    pick = rng.random()
    if pick < 0.12:
        return Mention(kind=o.kind)
    if pick < 0.2:
        return Mention(color=o.color)
    region = region_of(o) if rng.random() < 0.3 else None
    return Mention(o.kind, o.color, o.size if rng.random() < 0.3 else None, region)


def _near(region: str, o: SceneObject) -> bool:
    x, y = o.center
    columns, rows = _thirds(x), _thirds(y)
    return any(_REGIONS[row * 3 + column] == region for row in rows for column in columns)


def _thirds(at: float) -> set[int]:
    return {min(2, max(0, int((at + shift) * 3))) for shift in (-CLEAR / 3, 0.0, CLEAR / 3)}


def _changed(description: Description, rng: Random) -> Description | None:
    mentions = list(description.mentions)
    pick = rng.random()
    if description.relation is not None and pick < 0.25:
        return replace(description, relation=_OPPOSITE[description.relation])
    if len(mentions) > 1 and pick < 0.55:
        a, b = rng.sample(range(len(mentions)), 2)
        first, second = mentions[a], mentions[b]
        mentions[a], mentions[b] = replace(first, color=second.color), replace(second, color=first.color)
        return replace(description, mentions=tuple(mentions))
    at = rng.randrange(len(mentions))
    old = mentions[at]
    said = [name for name in ("kind", "color", "size", "region") if getattr(old, name) is not None]
    choices = {"kind": KINDS, "color": COLORS, "size": SIZES, "region": _REGIONS}
    name = rng.choice(said)
    mentions[at] = replace(old, **{name: rng.choice(choices[name])})
    return replace(description, mentions=tuple(mentions))
