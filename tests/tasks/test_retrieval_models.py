"""The whole task over tiny random CLIP and SigLIP checkpoints: what one part says, the others say too."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import mm_demo
from mm_demo.tasks.retrieval import RetrievalTask
from mm_demo.tasks.retrieval_result import Query
from tests.models.clip_checkpoints import NAMES, save

TEXT = "a red star, red"


@pytest.fixture(scope="module", params=NAMES)
def task(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> RetrievalTask:
    folder = save(request.param, tmp_path_factory.mktemp("model") / request.param)
    return mm_demo.load("retrieval", str(folder), "cpu")


@pytest.fixture
def folder(pictures: list[Image.Image], tmp_path: Path) -> Path:
    for i, picture in enumerate(pictures):
        (tmp_path / "pictures").mkdir(exist_ok=True)
        picture.save(tmp_path / "pictures" / f"{i}.png")
    return tmp_path / "pictures"


def test_hits_are_ranked_by_the_cosine_and_explained_by_it(task: RetrievalTask, folder: Path, tmp_path: Path) -> None:
    gallery = task.index(folder, store=tmp_path / "index")
    hits = gallery.search(TEXT, k=8)
    paths = [hit.path for hit in hits]
    cosines = task.similarities([TEXT], paths)[0]
    assert [hit.score for hit in hits] == pytest.approx(cosines, abs=1e-5)
    assert sorted(cosines, reverse=True) == pytest.approx(cosines)
    ranked = task.describe(paths[0], ["blue", TEXT])
    assert dict(ranked)[TEXT] == pytest.approx(hits[0].score, abs=1e-5) and ranked[0][1] >= ranked[1][1]
    assert gallery.search(paths[3], k=1)[0].path == paths[3]
    match = task.explain(paths[0], TEXT)
    assert match.score == pytest.approx(hits[0].score, abs=1e-5)
    assert [word.word for word in match.words] == ["a", "red", "star", "red"]
    assert [TEXT[slice(*word.place)] for word in match.words] == ["a", "red", "star", "red"]
    assert match.map.shape == (4, 4) and match.map.sum() == pytest.approx(1)


@pytest.mark.parametrize("share", [0.0, 0.4, 1.0])
def test_words_with_a_picture_are_explained_as_ranked(
    task: RetrievalTask, folder: Path, tmp_path: Path, share: float
) -> None:
    query = Query(TEXT, Image.open(folder / "5.png"), share)
    hit = task.index(folder, store=tmp_path / "index").search(query, k=1)[0]
    for method in ("gradient", "raw", "rollout"):
        match = task.explain(hit.path, query, method)
        assert match.score == pytest.approx(hit.score, abs=1e-5) and match.method == method
        assert match.query_map is not None and match.query_map.sum() == pytest.approx(1)
        assert all(word.map.sum() == pytest.approx(1) or not word.map.any() for word in match.words)


def test_texts_and_pictures_in_one_plane(task: RetrievalTask, folder: Path) -> None:
    paths = sorted(folder.iterdir())
    space = task.shared_space(["red", "star", "a star"], paths)
    assert space.texts.shape == (3, 2) and space.pictures.shape == (8, 2)
    assert 0 < space.explained.sum() <= 1 and 0 < space.modality_gap < 2
    probabilities = task.probabilities(task.similarities(["red", "star"], paths))
    assert (probabilities > 0).all() and (probabilities < 1).all()
    if task.bias is None:
        assert probabilities.sum(1) == pytest.approx(np.ones(2))


def test_a_query_of_ten_thousand_words(task: RetrievalTask, folder: Path, tmp_path: Path) -> None:
    gallery = task.index(folder, store=tmp_path / "index")
    answer = task.answer(gallery, "star " * 10_000, k=3)
    (note,) = answer.notes
    assert len(answer.hits) == 3 and "only its first" in note
    assert len(task.explain(answer.hits[0].path, "star " * 10_000).words) == int(note.split("first ")[1].split()[0])
