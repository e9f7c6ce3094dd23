"""Questions with their answers, by type. Every asker returns None where its question would be unclear."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from mm_demo.scenes.references import Objects, absent, absent_color, refer, say_color, say_kind
from mm_demo.scenes.relations import bigger, half_of, holds, region_of, side_of
from mm_demo.scenes.truth import COLORS, KINDS
from mm_demo.scenes.words import RELATIONS, STRANGERS, THING_WORDS, article, plural

NONE = "none"
"""The answer where the question takes for granted what is not there."""


@dataclass(frozen=True)
class Question:
    """A question about a scene.

    Attributes:
        type: one of `TYPES`.
        text: lower case, no question mark (see `wording.vary`).
        answer: lower case.
        about: indices of the objects that decide the answer; empty where no single ones do.
    """

    type: str
    text: str
    answer: str
    about: tuple[int, ...] = ()


def _index(objects: Objects, target: object) -> int:
    return next(i for i, o in enumerate(objects) if o is target)


def _color_word(rng: Random) -> str:
    return "color" if rng.random() < 0.6 else "colour"


def ask_color(objects: Objects, rng: Random) -> Question | None:
    """What color is the star?"""
    o = rng.choice(objects)
    word = _color_word(rng)
    if len(objects) == 1 and rng.random() < 0.25:
        text = rng.choice((f"what {word} is it", f"what {word} is this", f"which {word} is the object"))
        return Question("color", text, o.color, (0,))
    x = refer(objects, o, rng, hide="color")
    if x is None:
        return None
    return Question("color", _ask_color_of(x, word, rng), o.color, (_index(objects, o),))


def _ask_color_of(x: str, word: str, rng: Random) -> str:
    return rng.choice(
        (
            f"what {word} is the {x}", f"what {word} is the {x}", f"what is the {word} of the {x}",
            f"which {word} is the {x}",
            f"the {x} is what {word}", f"what {word} does the {x} have", f"which {word} does the {x} have",
            f"name the {word} of the {x}", f"tell me the {word} of the {x}", f"{word} of the {x}",
        )
    )  # fmt: skip


def ask_kind(objects: Objects, rng: Random) -> Question | None:
    """What is the red thing?"""
    o = rng.choice(objects)
    if len(objects) == 1 and rng.random() < 0.3:
        text = rng.choice(
            ("what is this", "what is it", "what do you see", "what is in the picture", "what is shown",
             "what object is this",
             "what shape is this", "what is in the image")
        )  # fmt: skip
        return Question("kind", text, o.kind, (0,))
    x = refer(objects, o, rng, hide="kind")
    if x is None:
        return None
    options = [f"what is the {x}", f"what kind of object is the {x}", f"what kind of thing is the {x}",
               f"what shape is the {x}",
               f"which object is the {x}"]  # fmt: skip
    if x.count(" ") == 1:
        color = x.split()[0]
        options += [f"what is {color}", f"which object is {color}", f"which shape is {color}", f"what thing is {color}",
                    f"what {color} object is there", f"what object is {color}"]  # fmt: skip
    return Question("kind", rng.choice(options), o.kind, (_index(objects, o),))


def ask_count_all(objects: Objects, rng: Random) -> Question:
    """How many objects are there?"""
    things = rng.choice(("objects", "objects", "things", "shapes", "items"))
    text = rng.choice(
        (f"how many {things} are there", f"how many {things} are in the picture", f"how many {things} do you see",
         f"how many {things} can you see", f"how many {things}", f"count the {things}",
         f"what is the number of {things}",
         f"how many {things} are in the image")
    )  # fmt: skip
    return Question("count_all", text, str(len(objects)), tuple(range(len(objects))))


def ask_count(objects: Objects, rng: Random) -> Question:
    """How many stars, how many red things, how many red stars are there?"""
    o = rng.choice(objects)
    kind = o.kind if rng.random() < 0.8 else rng.choice(KINDS)
    color = o.color if rng.random() < 0.8 else rng.choice(COLORS)
    pick = rng.random()
    if pick < 0.45:
        mine, what, name = [x.kind == kind for x in objects], plural(say_kind(kind, rng)), "count_kind"
        if rng.random() < 0.05:
            mine, what = [False] * len(objects), plural(rng.choice(STRANGERS))
    elif pick < 0.85:
        mine, name = [x.color == color for x in objects], "count_color"
        what = f"{say_color(color, rng)} {plural(rng.choice(THING_WORDS[:-1]))}"
    else:
        mine, name = [(x.kind, x.color) == (kind, color) for x in objects], "count_kind"
        what = f"{say_color(color, rng)} {plural(say_kind(kind, rng))}"
    text = rng.choice(
        (f"how many {what} are there", f"how many {what} are in the picture", f"how many {what} do you see",
         f"how many {what}",
         f"how many {what} can you see", f"count the {what}", f"what is the number of {what}")
    )  # fmt: skip
    if pick >= 0.45 and name == "count_color" and rng.random() < 0.2:
        text = f"how many {rng.choice(('objects', 'things', 'shapes'))} are {say_color(color, rng)}"
    return Question(name, text, str(sum(mine)), tuple(i for i, m in enumerate(mine) if m))


def ask_exists(objects: Objects, rng: Random) -> Question:
    """Is there a red star?"""
    about: tuple[int, ...] = ()
    if rng.random() < 0.5:
        o = rng.choice(objects)
        pick, about, answer = rng.random(), (_index(objects, o),), "yes"
        kind, color = say_kind(o.kind, rng), say_color(o.color, rng)
        x = kind if pick < 0.4 else f"{color} {kind}" if pick < 0.75 else f"{color} {rng.choice(THING_WORDS[:-1])}"
    else:
        answer = "no"
        color_only = absent_color(objects, rng) if rng.random() < 0.25 else None
        x = f"{color_only} {rng.choice(THING_WORDS[:-1])}" if color_only else absent(objects, rng)
    a, many = f"{article(x)} {x}", plural(x)
    text = rng.choice(
        (f"is there {a}", f"is there {a}", f"is there {a} in the picture", f"do you see {a}", f"can you see {a}",
         f"are there any {many}",
         f"does the picture show {a}", f"is {a} in the image", f"does the picture contain {a}", f"is there any {x}")
    )  # fmt: skip
    return Question("exists", text, answer, about)


def ask_attribute(objects: Objects, rng: Random) -> Question | None:
    """Is the star red?"""
    o = rng.choice(objects)
    x = refer(objects, o, rng, hide="color")
    if x is None:
        return None
    yes = rng.random() < 0.5
    color = o.color if yes else rng.choice([c for c in COLORS if c != o.color])
    text = rng.choice((f"is the {x} {say_color(color, rng)}", f"is the {x} {say_color(color, rng)} or not"))
    return Question("attribute", text, "yes" if yes else "no", (_index(objects, o),))


def ask_where(objects: Objects, rng: Random) -> Question | None:
    """Where is the star?"""
    o = rng.choice(objects)
    x, region = refer(objects, o, rng), region_of(o)
    if x is None or region is None:
        return None
    text = rng.choice(
        (f"where is the {x}", f"where is the {x}", f"where is the {x} in the picture",
         f"in which part of the picture is the {x}",
         f"where can you see the {x}", f"which part of the picture is the {x} in",
         f"in what part of the image is the {x}",
         f"where do you see the {x}", f"what is the position of the {x}")
    )  # fmt: skip
    return Question("where", text, region, (_index(objects, o),))


def ask_half(objects: Objects, rng: Random) -> Question | None:
    """Is the star on the left or on the right?"""
    o, axis = rng.choice(objects), rng.randrange(2)
    x, half = refer(objects, o, rng), half_of(o, axis)
    if x is None or half is None:
        return None
    a, b = (("left", "right"), ("top", "bottom"))[axis]
    on = ("on", "at")[axis]
    if rng.random() < 0.5:
        if rng.random() < 0.5:
            a, b = b, a
        text = rng.choice(
            (f"is the {x} {on} the {a} or {on} the {b}", f"is the {x} {on} the {a} or the {b}",
             f"{a} or {b} where is the {x}",
             f"on which side is the {x} {a} or {b}")
        )  # fmt: skip
        return Question("half", text, half, (_index(objects, o),))
    said = half if rng.random() < 0.5 else a if half == b else b
    text = rng.choice(
        (f"is the {x} {on} the {said}", f"is the {x} in the {said} half", f"is the {x} {on} the {said} of the picture",
         f"is the {x} on the {said} side")
    )  # fmt: skip
    return Question("half", text, "yes" if said == half else "no", (_index(objects, o),))


def _two(objects: Objects, rng: Random) -> tuple[int, int, str, str] | None:
    if len(objects) < 2:
        return None
    i, j = rng.sample(range(len(objects)), 2)
    x, y = refer(objects, objects[i], rng), refer(objects, objects[j], rng)
    return None if x is None or y is None else (i, j, x, y)


def ask_relative(objects: Objects, rng: Random) -> Question | None:
    """Where is the star relative to the house?"""
    pair = _two(objects, rng)
    if pair is None or (side := side_of(objects[pair[0]], objects[pair[1]])) is None:
        return None
    i, j, x, y = pair
    text = rng.choice(
        (f"where is the {x} relative to the {y}", f"where is the {x} compared to the {y}",
         f"on which side of the {y} is the {x}",
         f"where is the {x} seen from the {y}", f"is the {x} left right above or below the {y}")
    )  # fmt: skip
    return Question("relative", text, side, (i, j))


def ask_relation(objects: Objects, rng: Random) -> Question | None:
    """Is the star left of the house?"""
    pair = _two(objects, rng)
    if pair is None:
        return None
    i, j, x, y = pair
    relation = rng.choice(tuple(RELATIONS))
    truth = holds(objects[i], relation, objects[j])
    if truth is None:
        return None
    words = rng.choice(RELATIONS[relation])
    text = rng.choice(
        (f"is the {x} {words} the {y}",) * 3
        + (f"is there {article(x)} {x} {words} the {y}", f"does the {x} lie {words} the {y}")
    )
    return Question("relation", text, "yes" if truth else "no", (i, j))


def ask_neighbor(objects: Objects, rng: Random) -> Question | None:
    """What is left of the star? What color is the object above it?"""
    target = rng.choice(objects)
    x, relation = refer(objects, target, rng), rng.choice(tuple(RELATIONS))
    sides = [holds(o, relation, target) for o in objects if o is not target]
    if x is None or any(s is None for s in sides) or sum(bool(s) for s in sides) > 1:
        return None
    words = rng.choice(RELATIONS[relation])
    found = [o for o in objects if o is not target and holds(o, relation, target)]
    if not found and rng.random() < 0.5:
        return None
    about = (_index(objects, target), *(_index(objects, o) for o in found))
    if rng.random() < 0.3:
        thing, word = rng.choice(THING_WORDS), _color_word(rng)
        text = rng.choice(
            (f"what {word} is the {thing} {words} the {x}", f"which {word} does the {thing} {words} the {x} have")
        )
        return Question("neighbor", text, found[0].color if found else NONE, about)
    text = rng.choice(
        (f"what is {words} the {x}", f"what is {words} the {x}", f"which object is {words} the {x}",
         f"what object is {words} the {x}",
         f"what do you see {words} the {x}", f"what can you see {words} the {x}", f"what shape is {words} the {x}")
    )  # fmt: skip
    return Question("neighbor", text, found[0].kind if found else NONE, about)


def ask_compare_count(objects: Objects, rng: Random) -> Question | None:
    """Are there more stars than houses?"""
    by_kind = rng.random() < 0.6
    here = [o.kind for o in objects] if by_kind else [o.color for o in objects]
    names = KINDS if by_kind else COLORS
    a = rng.choice(here)
    b = rng.choice([n for n in (here if rng.random() < 0.6 and len(set(here)) > 1 else names) if n != a])
    if rng.random() < 0.5:
        a, b = b, a
    first, second = here.count(a), here.count(b)
    if by_kind:
        x, y = plural(say_kind(a, rng)), plural(say_kind(b, rng))
    else:
        thing = plural(rng.choice(THING_WORDS[:-1]))
        x, y = f"{say_color(a, rng)} {thing}", f"{say_color(b, rng)} {thing}"
    pick = rng.random()
    if pick < 0.45:
        return Question("compare_count", f"are there more {x} than {y}", "yes" if first > second else "no")
    if pick < 0.75:
        return Question("compare_count", f"are there fewer {x} than {y}", "yes" if first < second else "no")
    text = rng.choice((f"are there as many {x} as {y}", f"is the number of {x} the same as the number of {y}"))
    return Question("compare_count", text, "yes" if first == second else "no")


def ask_compare_size(objects: Objects, rng: Random) -> Question | None:
    """Is the star bigger than the house? Which is bigger?"""
    pair = _two(objects, rng)
    if pair is None or (truth := bigger(objects[pair[0]], objects[pair[1]])) is None:
        return None
    i, j, x, y = pair
    more = rng.random() < 0.6
    word = rng.choice(("bigger", "larger", "bigger") if more else ("smaller",))
    if rng.random() < 0.35 and objects[i].kind != objects[j].kind:
        text = rng.choice((f"which is {word} the {x} or the {y}", f"what is {word} the {x} or the {y}"))
        return Question("compare_size", text, objects[i if truth == more else j].kind, (i, j))
    return Question("compare_size", f"is the {x} {word} than the {y}", "yes" if truth == more else "no", (i, j))


def ask_size(objects: Objects, rng: Random) -> Question | None:
    """Is the star small or large?"""
    o = rng.choice(objects)
    x = refer(objects, o, rng, hide="size")
    if x is None:
        return None
    text = rng.choice((f"is the {x} small or large", f"is the {x} large or small", f"what size is the {x}",
                       f"how big is the {x}",
                       f"how large is the {x}", f"what is the size of the {x}"))  # fmt: skip
    return Question("size", text, o.size, (_index(objects, o),))


def ask_nothing(objects: Objects, rng: Random) -> Question | None:
    """What color is the star? — where there is no star."""
    pick = rng.random()
    if pick < 0.4:
        return Question("none", _ask_color_of(absent(objects, rng, kind_only=True), _color_word(rng), rng), NONE)
    if pick < 0.7:
        return Question(
            "none", rng.choice(("where is the {}", "where is the {} in the picture")).format(absent(objects, rng)), NONE
        )
    color = absent_color(objects, rng)
    if color is None:
        return None
    x = f"{color} {rng.choice(THING_WORDS)}"
    return Question(
        "none",
        rng.choice(
            (f"what is the {x}", f"what kind of object is the {x}", f"what shape is the {x}", f"what is {color}")
        ),
        NONE,
    )


ASKERS: dict[str, tuple[float, Callable[[Objects, Random], Question | None]]] = {
    "color": (1.0, ask_color),
    "kind": (1.0, ask_kind),
    "count_all": (0.5, ask_count_all),
    "count": (1.2, ask_count),
    "exists": (0.9, ask_exists),
    "attribute": (0.5, ask_attribute),
    "where": (1.0, ask_where),
    "half": (0.7, ask_half),
    "relative": (1.0, ask_relative),
    "relation": (1.6, ask_relation),
    "neighbor": (2.2, ask_neighbor),
    "compare_count": (0.9, ask_compare_count),
    "compare_size": (0.9, ask_compare_size),
    "size": (0.5, ask_size),
    "none": (0.7, ask_nothing),
}
"""Asker by name, with how often training asks it."""

_NAMES, _WEIGHTS = list(ASKERS), [weight for weight, _ in ASKERS.values()]


def ask(objects: Objects, rng: Random, name: str | None = None) -> Question | None:
    """One question of a named type, or None where this scene has no clear one within a few tries."""
    for _ in range(8):
        question = ASKERS[name or rng.choices(_NAMES, _WEIGHTS)[0]][1](objects, rng)
        if question is not None:
            return question
    return None


def questions_of(objects: Objects, rng: Random, count: int) -> list[Question]:
    """`count` questions, their types in training's proportions."""
    asked: list[Question] = []
    while len(asked) < count:
        question = ask(objects, rng)
        if question is not None:
            asked.append(question)
    return asked
