"""Phrases that single out one object of a scene, or none."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from mm_demo.scenes.truth import COLORS, KINDS, SceneObject
from mm_demo.scenes.words import COLOR_WORDS, KIND_WORDS, STRANGERS, THING_WORDS

Objects = Sequence[SceneObject]


def say_kind(kind: str, rng: Random) -> str:
    """One of the words for a kind."""
    return rng.choice(KIND_WORDS[kind])


def say_color(color: str, rng: Random) -> str:
    """One of the words for a colour."""
    return rng.choice(COLOR_WORDS[color])


def refer(objects: Objects, target: SceneObject, rng: Random, hide: str = "") -> str | None:
    """A noun phrase without article that fits `target` alone.

    Args:
        objects: all objects of the scene.
        target: one of them.
        rng: chooses among the phrases that fit.
        hide: "color", "kind" or "size": an attribute the phrase must not mention, because it is asked for.

    Returns:
        The phrase, or None where no phrase without the hidden attribute is unique.
    """
    same_kind = [o for o in objects if o.kind == target.kind and o is not target]
    same_color = [o for o in objects if o.color == target.color and o is not target]
    kind, color = say_kind(target.kind, rng), say_color(target.color, rng)
    thing = rng.choice(THING_WORDS)
    options: list[str] = []
    if hide != "kind":
        if not same_kind:
            options += [kind] * 3
            if hide != "color":
                options.append(f"{color} {kind}")
            if hide != "size":
                options.append(f"{target.size} {kind}")
        elif hide != "color" and all(o.color != target.color for o in same_kind):
            options += [f"{color} {kind}"] * 3
        if same_kind and hide != "size" and all(o.size != target.size for o in same_kind):
            options.append(f"{target.size} {kind}")
    if hide != "color":
        if not same_color:
            options += [f"{color} {thing}"] * (2 if hide == "kind" else 1)
        elif hide != "size" and all(o.size != target.size for o in same_color):
            options.append(f"{target.size} {color} {thing}")
    return rng.choice(options) if options else None


def absent(objects: Objects, rng: Random, kind_only: bool = False) -> str:
    """A noun phrase that fits nothing in the scene, often by one attribute alone."""
    pick = rng.random()
    kinds = {o.kind for o in objects}
    if pick < 0.15:
        return rng.choice(STRANGERS)
    if kind_only or pick < 0.5:
        return say_kind(rng.choice([k for k in KINDS if k not in kinds]), rng)
    pairs = {(o.color, o.kind) for o in objects}
    while True:
        o = rng.choice(objects)
        color, kind = rng.choice(COLORS), rng.choice(KINDS)
        near = rng.random()
        if near < 0.4:
            color = o.color
        elif near < 0.8:
            kind = o.kind
        if (color, kind) not in pairs:
            return f"{say_color(color, rng)} {say_kind(kind, rng)}"


def absent_color(objects: Objects, rng: Random) -> str | None:
    """A colour that no object has, or None where all are there."""
    here = {o.color for o in objects}
    left = [c for c in COLORS if c not in here]
    return say_color(rng.choice(left), rng) if left else None
