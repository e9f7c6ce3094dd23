"""A match asked for again: whole it scores what was reported, in parts what the vectors say."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image

import mm_demo
from mm_demo.errors import UserError
from mm_demo.models.clip import ClipMatcher
from mm_demo.tasks.retrieval import RetrievalTask
from mm_demo.tasks.retrieval_result import Match, Query
from tests.models.clip_checkpoints import NAMES, save
from tests.tasks.colour_matcher import ColourMatcher, painted

PICTURE = painted((0, 3, "red"), (2, 1, "blue"), ground="white")


@pytest.fixture(scope="module", params=NAMES)
def task(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> RetrievalTask:
    return mm_demo.load("retrieval", str(save(request.param, tmp_path_factory.mktemp(request.param))), "cpu")


@pytest.fixture(scope="module")
def match(task: RetrievalTask, pictures: list[Image.Image]) -> Match:
    query = Query("a red star, not blue", pictures[3], 0.6)
    return task.explain(pictures[0], query, center=task.center(pictures[1:]))


def some(count: int, elements: int) -> np.ndarray:
    return np.random.default_rng(0).random((count, elements)) < 0.6


def test_the_whole_is_what_was_reported(task: RetrievalTask, match: Match) -> None:
    reported = match.score - match.average
    for part in ("image", "text"):
        for removal in task.removals[part]:
            probe = task.probe(match, part, removal=removal)
            whole = np.ones((1, len(probe.labels)), bool)
            assert probe.score(whole) == pytest.approx([reported], abs=1e-5), (part, removal)
    for i, word in enumerate(match.words):
        probe = task.probe(match, word=i)
        assert (probe.answer, probe.unit) == (word.word, "score")
        assert probe.score(np.ones((1, word.map.size), bool)) == pytest.approx([word.contribution], abs=1e-5)
        assert probe.relevance.reshape(probe.shape) == pytest.approx(word.map)


def test_many_at_once_are_as_one_by_one_and_nothing_is_an_answer_too(task: RetrievalTask, match: Match) -> None:
    for part in ("image", "text"):
        for removal in task.removals[part]:
            probe = task.probe(match, part, removal=removal)
            kept = np.concatenate([some(19, len(probe.labels)), np.zeros((1, len(probe.labels)), bool)])
            together = probe.score(kept)
            assert together.dtype == np.float64 and np.isfinite(together).all() and together.std() > 1e-4
            assert together == pytest.approx([probe.score(row[None])[0] for row in kept], abs=1e-5)
            with ThreadPoolExecutor(3) as pool:
                assert all((found == together).all() for found in pool.map(probe.score, [kept] * 3))


def test_words_left_out_are_a_shorter_text(task: RetrievalTask, pictures: list[Image.Image]) -> None:
    match = task.explain(pictures[0], "red blue star")
    probe = task.probe(match, "text")
    assert probe.labels == ("red", "blue", "star") and probe.part == "text" and probe.shape is None
    assert probe.relevance == pytest.approx([word.contribution for word in match.words])
    lost = match.score - probe.score(~np.eye(3, dtype=bool))
    assert lost == pytest.approx(probe.relevance, abs=1e-5)
    if isinstance(task._model, ClipMatcher):  # the other has tokens for spaces
        found = probe.score(np.array([[True, False, True], [False, True, False]]))
        assert found == pytest.approx(task.similarities(["red star", "blue"], [pictures[0]])[:, 0], abs=1e-5)


def test_the_map_changes_as_the_tower_forgets_and_the_model_does_not(task: RetrievalTask, match: Match) -> None:
    before = task.explain(match.image, match.query, match.method, match.center)
    found = list(task.randomised(match))
    assert len(found) >= 5 and any(name.startswith("layer") for name, _ in found)
    assert len({name for name, _ in found}) == len(found) and found[-1][0] == "embeddings"
    assert all(shown.shape == match.map.shape for _, shown in found)
    assert max(abs(found[-1][1] - match.map).ravel()) > 1e-3
    after = task.explain(match.image, match.query, match.method, match.center)
    assert after.score == before.score and (after.map == before.map).all()
    for (_, one), (_, other) in zip(found, task.randomised(match), strict=True):
        assert (one == other).all()
    [(_, first), *_] = task.randomised(match, word=1)
    assert first.shape == match.map.shape


def test_parts_against_vectors_made_by_hand() -> None:
    task = RetrievalTask(ColourMatcher())
    match = task.explain(PICTURE, "red blue")
    probe = task.probe(match, word=0)
    without_red = np.ones((1, 16), bool)
    without_red[0, 3] = False
    without_other = np.ones((1, 16), bool)
    without_other[0, 9] = False
    whole = probe.score(np.ones((1, 16), bool))
    assert probe.score(without_red) < whole < probe.score(without_other)
    assert int(probe.relevance.argmax()) == 3


def test_what_can_not_be_asked_is_said() -> None:
    task = RetrievalTask(ColourMatcher())
    match = task.explain(PICTURE, "red blue")
    with pytest.raises(UserError, match="magic"):
        task.probe(match, removal="magic")
    with pytest.raises(UserError, match="no word number 2"):
        task.probe(match, word=2)
    with pytest.raises(UserError, match="read off the picture"):
        task.probe(match, "text", word=0)
    with pytest.raises(UserError, match="no words in this query"):
        task.probe(task.explain(PICTURE, painted(ground="red")), "text")
