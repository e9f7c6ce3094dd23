"""Why a picture matched: the parts add up, and a word's map shows what it names."""

from __future__ import annotations

import numpy as np
import pytest

from mm_demo.errors import UserError
from mm_demo.tasks.retrieval import RetrievalTask
from mm_demo.tasks.retrieval_result import Query
from tests.tasks.colour_matcher import ColourMatcher, painted

PICTURE = painted((0, 3, "red"), (2, 1, "blue"), ground="white")


@pytest.fixture
def task() -> RetrievalTask:
    return RetrievalTask(ColourMatcher())


def peak(values: np.ndarray) -> tuple[int, ...]:
    return tuple(int(i) for i in np.unravel_index(values.argmax(), values.shape))


def test_each_word_with_the_part_of_the_picture_that_it_names(task: RetrievalTask) -> None:
    match = task.explain(PICTURE, "  red blue\nsnark ")
    assert [(w.word, w.place) for w in match.words] == [("red", (0, 3)), ("blue", (4, 8)), ("snark", (9, 14))]
    red, blue, snark = match.words
    assert peak(red.map) == (0, 3) and peak(blue.map) == (2, 1)
    assert red.map.sum() == pytest.approx(1) and (red.map >= 0).all() and match.map.sum() == pytest.approx(1)
    assert not snark.map.any() and snark.contribution == pytest.approx(0, abs=1e-3)
    assert match.unknown_words == ["snark"] and match.query_map is None
    assert match.score == pytest.approx(float(task.similarities(["red blue snark"], [PICTURE])[0, 0]), abs=1e-6)
    assert (match.familiar, match.familiarity, match.method) == (True, 0.75, "attention_gradient")


def test_a_picture_beside_a_picture(task: RetrievalTask) -> None:
    other = painted((3, 3, "red"), ground="white")
    match = task.explain(PICTURE, other)
    assert match.words == [] and match.unknown_words == []
    assert match.query_map is not None and match.query_map.shape == (4, 4)
    assert match.score == pytest.approx(
        float(task.embed(Query(picture=PICTURE)) @ task.embed(Query(picture=other))), abs=1e-6
    )


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_words_and_a_picture_add_up_to_the_score(task: RetrievalTask, share: float) -> None:
    query = Query("red blue", painted(ground="green"), share)
    match = task.explain(PICTURE, query)
    assert match.score == pytest.approx(float(task.embed(query) @ task.embed(Query(picture=PICTURE))), abs=1e-6)
    alone = task.explain(PICTURE, "red blue")
    length = np.linalg.norm(
        share * task.embed(Query("red blue")) + (1 - share) * task.embed(Query(picture=query.picture))
    )
    assert [w.contribution for w in match.words] == pytest.approx(
        [w.contribution * share / length for w in alone.words], abs=1e-6
    )
    beside = task.explain(PICTURE, query.picture)
    assert match.map == pytest.approx(share * alone.map + (1 - share) * beside.map, abs=1e-6)
    assert match.query_map == pytest.approx(beside.query_map)


def test_another_method(task: RetrievalTask) -> None:
    offered = [method.name for method in task.methods]
    assert offered[0] == "attention_gradient" and {"raw", "rollout", "gradient"} <= set(offered)
    match = task.explain(PICTURE, "red", method="raw")
    assert match.method == "raw" and match.map == pytest.approx(np.full((4, 4), 1 / 16))
    with pytest.raises(UserError, match="no method 'magic'"):
        task.explain(PICTURE, "red", method="magic")


def test_words_against_a_gallery_add_up_to_what_they_change_above_its_mean(task: RetrievalTask) -> None:
    others = [painted((0, 0, colour)) for colour in ("red", "green", "blue")]
    center = task.center(others)
    assert center == pytest.approx(np.mean([task.embed(Query(picture=one)) for one in others], axis=0), abs=1e-6)
    match = task.explain(PICTURE, "red blue", center=center)
    above = task.similarities(["red blue"], [PICTURE, *others])[0]
    assert match.score == pytest.approx(float(above[0]), abs=1e-6)
    assert match.average == pytest.approx(float(above[1:].mean()), abs=1e-6)
    without = task.similarities(["blue"], [PICTURE, *others])[0]
    expected = (above[0] - above[1:].mean()) - (without[0] - without[1:].mean())
    assert match.words[0].contribution == pytest.approx(float(expected), abs=1e-6)
    assert task.explain(PICTURE, "red blue").average == 0
