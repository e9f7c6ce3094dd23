"""The comparison of methods: figures of a made-up model whose truth is known, and which words are asked about."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from mm_demo.errors import UserError
from mm_demo.evaluation.caption import color_words, kind_words
from mm_demo.evaluation.explanations import compare, evaluate
from mm_demo.evaluation.known import Explained, Known
from mm_demo.scenes import SceneObject
from tests.evidence.synthetic import SIDE, grid_probe


def known(rng: np.random.Generator, kind: str) -> Known:
    """Something of which one method is right, and one always looks at the patches that the object does not cover."""
    probe = grid_probe(rng, "most of it")
    mask = (probe.relevance > 0.5).reshape(SIDE, SIDE)
    true = probe.relevance.reshape(SIDE, SIDE)
    maps = {"right": Explained(np.maximum(true, 0), 2.0), "wrong": Explained(1 - np.clip(true, 0, 1), 6.0)}
    return Known(kind, mask, probe, maps)


@pytest.fixture(scope="module")
def figures() -> dict[str, Any]:
    rng = np.random.default_rng(0)
    found = [known(rng, ("color", "kind")[i % 2]) for i in range(20)]
    return compare(iter(found), "right", weighed=6, judged=16, seed=0)


def test_methods_are_told_apart(figures: dict[str, Any]) -> None:
    rows = figures["methods"]
    assert list(rows) == ["right", "wrong", "Random", "The object itself"]
    right, wrong = rows["right"], rows["wrong"]
    assert (right["n"], right["n SRG"], right["ms"], wrong["ms"]) == (20, 6, 2.0, 6.0)
    assert right["peak on object"] == 1 and wrong["peak on object"] == 0
    assert right["mass on object"] > 0.95 and wrong["mass on object"] < 0.05
    assert 5 / 64 <= right["chance"] <= 10 / 64 and right["chance"] == right["its area"]
    assert right["SRG"] > 0.5 and wrong["SRG"] < -0.5
    assert right["above 20 random"] == 1 and wrong["above 20 random"] == 0
    assert rows["The object itself"]["SRG"] == pytest.approx(right["SRG"], abs=0.05)
    assert abs(rows["Random"]["SRG"]) < 0.35


def test_types_and_verdicts_are_counted_apart(figures: dict[str, Any]) -> None:
    assert {kind: row["n"] for kind, row in figures["right, by type"].items()} == {"color": 10, "kind": 10}
    verdicts = figures["verdicts"]
    assert {kind: row["n"] for kind, row in verdicts.items()} == {"color": 8, "kind": 8}
    for row in verdicts.values():
        assert row["oracle_supported"] == 1
        assert row["shuffled_unsupported"] >= 0.6 and row["shuffled_unclear"] == 0


def test_what_was_not_weighed_has_no_gain() -> None:
    def one() -> Iterator[Known]:
        yield known(np.random.default_rng(0), "color")

    row = compare(one(), "right", weighed=0, judged=1, seed=0)["methods"]["right"]
    assert (row["n SRG"], row["SRG"], row["above 20 random"]) == (0, None, None)


def test_another_model_is_one_sentence() -> None:
    with pytest.raises(UserError, match="can't be compared on 'speech-sentiment'; choose one of: blip-vqa-scenes"):
        evaluate(n=1, model="speech-sentiment")


def words(caption: str) -> Any:
    return SimpleNamespace(tokens=[SimpleNamespace(index=i, token=t) for i, t in enumerate(caption.split())])


def objects(*names: str) -> Any:
    nothing = np.zeros((4, 4), bool)
    pairs = [name.split() for name in names]
    return SimpleNamespace(objects=[SceneObject(k, c, "small", (0.0, 0.0, 1.0, 1.0), nothing) for c, k in pairs])


def places(found: list[tuple[int, SceneObject]]) -> list[tuple[int, str]]:
    return [(index, about.kind) for index, about in found]


def test_words_that_name_one_object_alone() -> None:
    scene = objects("red star", "red house", "blue car")
    caption = words("a red star above a red house and a small blue car")
    assert places(kind_words(caption, scene)) == [(2, "star"), (6, "house"), (11, "car")]
    assert places(color_words(caption, scene)) == [(10, "car")]


def test_a_color_that_its_article_told_or_that_is_wrong_is_left_out() -> None:
    scene = objects("orange star", "blue car")
    assert places(color_words(words("an orange star and a red car"), scene)) == []
    assert places(color_words(words("a large orange star"), scene)) == [(2, "star")]
