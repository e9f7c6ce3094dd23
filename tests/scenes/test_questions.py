"""Questions are answered anew from their own words, by code that shares nothing with the askers."""

from __future__ import annotations

import re
from random import Random

import pytest

from mm_demo.scenes import COLORS, KINDS, SceneObject, make_scene
from mm_demo.scenes.questions import ASKERS, Question, ask
from mm_demo.scenes.words import COLOR_WORDS, KIND_WORDS, RELATIONS, STRANGERS, plural

SAYS_KIND = {w: k for k in KINDS for name in KIND_WORDS[k] for w in (name, plural(name))}
SAYS_COLOR = {w: c for c in COLORS for w in COLOR_WORDS[c]}
SAYS_SIDE = {phrase: side for side, phrases in RELATIONS.items() for phrase in phrases}
THINGS = r"(?:objects?|things?|shapes?|items?|ones?)"


@pytest.fixture(scope="module")
def asked() -> list[tuple[tuple[SceneObject, ...], Question]]:
    found = []
    for seed in range(120):
        objects, rng = make_scene(seed).objects, Random(seed)
        for name in ASKERS:
            question = ask(objects, rng, name)
            if question is not None:
                found.append((objects, question))
    return found


def matching(phrase: str, objects: tuple[SceneObject, ...]) -> list[SceneObject]:
    """The objects that a phrase such as "small red star" fits."""
    kept = list(objects)
    if any(re.search(rf"\b{name}\b", phrase) for stranger in STRANGERS for name in (stranger, plural(stranger))):
        return []
    for word, kind in SAYS_KIND.items():
        if re.search(rf"\b{word}\b", phrase) and not (word == "plus" and "plus sign" in phrase):
            kept = [o for o in kept if o.kind == kind]
    for word, color in SAYS_COLOR.items():
        if re.search(rf"\b{word}\b", phrase):
            kept = [o for o in kept if o.color == color]
    for size in ("small", "large"):
        if re.search(rf"\b{size}\b", phrase):
            kept = [o for o in kept if o.size == size]
    return kept


def test_every_type_is_asked_in_several_wordings(asked: list[tuple[tuple[SceneObject, ...], Question]]) -> None:
    shapes: dict[str, set[str]] = {}
    names = "|".join(sorted([*SAYS_KIND, *SAYS_COLOR, "small", "large"], key=len, reverse=True))
    for _, q in asked:
        shapes.setdefault(q.type, set()).add(re.sub(rf"\b(?:{names})\b", "_", q.text))
    assert all(len(forms) >= 2 for forms in shapes.values()), {k: len(v) for k, v in shapes.items()}
    assert len(shapes) >= 15


def test_counts(asked: list[tuple[tuple[SceneObject, ...], Question]]) -> None:
    checked = 0
    for objects, q in asked:
        if q.type in ("count_kind", "count_color"):
            assert q.answer == str(len(matching(q.text, objects))), q
            checked += 1
        elif q.type == "count_all":
            assert q.answer == str(len(objects))
    assert checked > 50


def test_existence(asked: list[tuple[tuple[SceneObject, ...], Question]]) -> None:
    for objects, q in asked:
        if q.type == "exists":
            assert q.answer == ("yes" if matching(q.text, objects) else "no"), q


def test_what_is_asked_after_is_there_once(asked: list[tuple[tuple[SceneObject, ...], Question]]) -> None:
    for objects, q in asked:
        if q.type in ("color", "kind") and not re.search(
            r"\b(it|this|see|picture|image|shown)\b|which \w+ is the object$", q.text
        ):
            fits = matching(q.text, objects)
            assert len({getattr(o, q.type) for o in fits}) == 1, q
            assert getattr(fits[0], q.type) == q.answer, q


def test_relations(asked: list[tuple[tuple[SceneObject, ...], Question]]) -> None:
    phrases = "|".join(sorted(SAYS_SIDE, key=len, reverse=True))
    checked = 0
    for objects, q in asked:
        found = re.fullmatch(rf"(?:is the|is there an?|does the) (.+?) (?:lie )?({phrases}) the (.+)", q.text)
        if q.type != "relation" or not found:
            continue
        (a,), (b,) = matching(found[1], objects), matching(found[3], objects)
        dx, dy = a.center[0] - b.center[0], a.center[1] - b.center[1]
        truth = {"left": dx < 0, "right": dx > 0, "above": dy < 0, "below": dy > 0}[SAYS_SIDE[found[2]]]
        assert q.answer == ("yes" if truth else "no"), q
        checked += 1
    assert checked > 40


def test_none_means_that_nothing_fits(asked: list[tuple[tuple[SceneObject, ...], Question]]) -> None:
    for objects, q in asked:
        if q.type == "none":
            assert q.answer == "none"
            assert matching(q.text, objects) == [], q
