"""Search as a task: which pictures are found, for whom, and where their indexes lie."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event, Thread

import numpy as np
import pytest
from PIL import Image

from mm_demo.errors import UserError
from mm_demo.index import PictureIndex
from mm_demo.tasks import gallery as bundled
from mm_demo.tasks import retrieval_gallery
from mm_demo.tasks.inputs import read_image
from mm_demo.tasks.retrieval import RetrievalTask
from mm_demo.tasks.retrieval_descriptions import DESCRIPTIONS, bundled_descriptions
from mm_demo.tasks.retrieval_result import Query
from tests.index.colours import save_pictures, vector
from tests.tasks.colour_matcher import ColourMatcher, painted, unit, word_vector


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(retrieval_gallery, "CACHE", tmp_path / "cache")
    monkeypatch.setattr(bundled, "CACHE", tmp_path / "cache")
    return tmp_path / "cache"


@pytest.fixture
def task() -> RetrievalTask:
    return RetrievalTask(ColourMatcher())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "pictures"
    place.mkdir()
    for colour in ("red", "green", "blue"):
        painted(ground=colour).save(place / f"{colour}.png")
    return place


def names(hits: list) -> list[str]:
    return [hit.path.name for hit in hits]


def test_words_and_pictures_find_what_they_are_like(task: RetrievalTask, folder: Path) -> None:
    gallery = task.index(folder)
    assert (len(gallery), gallery.folder, gallery.report.added) == (3, folder, 3)
    for colour in ("red", "green", "blue"):
        image = painted((0, 0, "white"), ground=colour)
        for query in (colour, folder / f"{colour}.png", str(folder / f"{colour}.png"), image, np.asarray(image)):
            assert names(gallery.search(query, k=1)) == [f"{colour}.png"]
    hits = gallery.search("green")
    assert [hit.path for hit in hits][0] == folder / "green.png" and len(hits) == 3
    cosines = {c: float(unit(word_vector("green")) @ vector(painted(ground=c))) for c in ("red", "green", "blue")}
    assert {hit.path.stem: hit.score for hit in hits} == pytest.approx(cosines, abs=2e-3)


def test_the_index_is_outside_the_folder_and_used_again(task: RetrievalTask, folder: Path, cache: Path) -> None:
    before = sorted(folder.rglob("*"))
    task.index(folder)
    assert sorted(folder.rglob("*")) == before and len(list((cache / "indexes").iterdir())) == 1
    again = RetrievalTask(ColourMatcher()).index(os.path.relpath(folder))
    assert (again.report.added, again.report.kept) == (0, 3)
    RetrievalTask(ColourMatcher(revision="2")).index(folder)
    assert len(list((cache / "indexes").iterdir())) == 2, "each model has its own"


def test_a_store_of_ones_own_is_refused_to_another_model(task: RetrievalTask, folder: Path, tmp_path: Path) -> None:
    task.index(folder, store=tmp_path / "mine")
    assert len(PictureIndex.open(tmp_path / "mine")) == 3
    with pytest.raises(UserError, match="was made with colours \\(revision 1\\), not with other"):
        RetrievalTask(ColourMatcher(model="other")).index(folder, store=tmp_path / "mine")


def test_everybody_searches_their_own_gallery_at_once(task: RetrievalTask, tmp_path: Path) -> None:
    def one(i: int) -> bool:
        mine = tmp_path / f"gallery {i}"
        mine.mkdir()
        for n, colour in enumerate(("red", "green", "blue")):
            painted((i % 4, n, "black"), ground=colour).save(mine / f"{i} {colour}.png")
        gallery = task.index(mine)
        found = [gallery.search(colour, k=5) for colour in ("red", "green", "blue") * 3]
        return all(
            names(hits)[0] == f"{i} {c}.png" and len(hits) == 3 for hits, c in zip(found, ("red", "green", "blue") * 3)
        )

    with ThreadPoolExecutor(6) as people:
        assert all(people.map(one, range(6)))


def test_many_open_the_same_folder_at_once(folder: Path, tmp_path: Path) -> None:
    save_pictures(folder, 20)
    task = RetrievalTask(ColourMatcher(seconds=0.02))
    with ThreadPoolExecutor(5) as people:
        reports = [gallery.report for gallery in people.map(lambda _: task.index(folder), range(5))]
    assert sum(report.added for report in reports) == 23 and {len(task.index(folder))} == {23}


def test_who_waits_for_another_may_give_up(folder: Path) -> None:
    task, working, done = RetrievalTask(ColourMatcher()), Event(), Event()

    def slow(*_: object) -> None:
        working.set()
        done.wait(10)

    first = Thread(target=lambda: task.index(folder, progress=slow))
    first.start()
    assert working.wait(10)
    cancel = Event()
    cancel.set()
    assert task.index(folder, cancel=cancel).report.cancelled
    done.set()
    first.join()


def test_words_with_a_picture_are_the_weighted_sum_at_length_one(task: RetrievalTask) -> None:
    picture = painted((1, 1, "blue"), ground="green")
    words = unit(word_vector("red") + 1e-3)
    for share in (0.0, 0.25, 1.0):
        expected = unit(share * words + (1 - share) * vector(picture))
        assert task.embed(Query("red", picture, share)) == pytest.approx(expected, abs=1e-6)
    assert task.embed(Query("red")) == pytest.approx(words)
    assert np.linalg.norm(task.embed(Query("red", picture, 0.5))) == pytest.approx(1)


def test_opposites_are_one_sentence(task: RetrievalTask, monkeypatch: pytest.MonkeyPatch) -> None:
    picture = painted(ground="red")
    monkeypatch.setattr(ColourMatcher, "embed_texts", lambda self, texts: -vector(picture)[None])
    with pytest.raises(UserError, match="opposites"):
        task.embed(Query("x", picture, 0.5))


def test_what_a_long_or_strange_query_is_answered_with(task: RetrievalTask, folder: Path) -> None:
    gallery = task.index(folder)
    answer = task.answer(gallery, "red " * 10_000, k=2)
    assert names(answer.hits)[0] == "red.png" and len(answer.hits) == 2
    assert answer.notes == ["The query is longer than the model can read: only its first 20 words were looked for."]
    assert task.answer(gallery, "red snark").unknown_words == ["snark"]
    assert task.answer(gallery, "red").notes == []
    assert task.answer(gallery, painted(size=(32, 40))).familiar is False
    seen = task.answer(gallery, painted()).to_api(folder)
    assert (seen["familiar"], seen["familiarity"], len(seen["hits"])) == (True, 0.75, 3)
    assert {hit["file"] for hit in seen["hits"]} == {"red.png", "green.png", "blue.png"}


def test_broken_pictures_are_listed(task: RetrievalTask, folder: Path) -> None:
    (folder / "cut\nshort.png").write_bytes((folder / "red.png").read_bytes()[:60])
    gallery = task.index(folder)
    said = task.answer(gallery, "red").to_api(folder)
    (skipped,) = said["skipped"]
    assert skipped["file"] == "cut\nshort.png" and "damaged" in skipped["reason"] and len(said["hits"]) == 3


def test_cosines_and_what_a_model_makes_of_them(task: RetrievalTask) -> None:
    pictures = [painted(ground="red"), painted(ground="blue")]
    cosines = task.similarities(["red", "blue", "blue green"], pictures)
    assert cosines.shape == (3, 2)
    assert cosines[2, 1] == pytest.approx(
        float(unit(word_vector("blue") + word_vector("green")) @ vector(pictures[1])), abs=2e-3
    )
    rows = task.probabilities(cosines)
    assert rows.sum(1) == pytest.approx(np.ones(3))
    assert np.log(rows[0, 0] / rows[0, 1]) == pytest.approx(20 * (cosines[0, 0] - cosines[0, 1]))
    assert task.probabilities(cosines, 1e6) == pytest.approx(np.full((3, 2), 0.5), abs=1e-4)
    assert task.temperature == pytest.approx(0.05)
    sigmoid = RetrievalTask(ColourMatcher(bias=-3.0)).probabilities(cosines, 0.1)
    assert sigmoid[0, 1] == pytest.approx(1 / (1 + np.exp(3 - cosines[0, 1] / 0.1)))
    with pytest.raises(UserError, match="above 0"):
        task.probabilities(cosines, 0.0)
    for texts, images in (([], pictures), ([" "], pictures), (["red"], [])):
        with pytest.raises(UserError, match="There is no"):
            task.similarities(texts, images)


def test_the_shared_space_is_both_modalities_principal_plane(task: RetrievalTask) -> None:
    texts = ["red", "green", "black blue"]
    pictures = [painted((0, i, "blue"), ground=c) for i, c in enumerate(("red", "white", "green", "black"))]
    space = task.shared_space(texts, pictures)
    points = np.concatenate([space.texts, space.pictures])
    assert (space.texts.shape, space.pictures.shape) == ((3, 2), (4, 2))
    t = np.stack([unit(sum((word_vector(w) for w in text.split()), np.full(48, 1e-3))) for text in texts])
    p = np.stack([vector(picture) for picture in pictures])
    assert space.modality_gap == pytest.approx(np.linalg.norm(t.mean(0) - p.mean(0)), abs=1e-5)
    centred = np.concatenate([t, p]) - np.concatenate([t, p]).mean(0)
    spread = np.linalg.svd(centred.astype(float))[1] ** 2
    assert space.explained == pytest.approx(spread[:2] / spread.sum(), abs=1e-5)
    assert (points**2).sum(0) == pytest.approx(spread[:2], abs=1e-4)


def test_a_space_of_one_point_has_no_directions() -> None:
    task = RetrievalTask(ColourMatcher())
    task._model.embed_texts = lambda texts: vector(painted())[None]  # type: ignore[method-assign]
    space = task.shared_space(["x"], [painted()])
    assert not space.texts.any() and not space.explained.any() and space.modality_gap == pytest.approx(0, abs=1e-6)


def test_the_most_similar_texts(task: RetrievalTask) -> None:
    picture = painted(ground="blue")
    ranked = task.describe(picture, ["red", "blue", "", "white blue"], k=2)
    cosines = task.similarities(["red", "blue", "white blue"], [picture])[:, 0]
    assert [text for text, _ in ranked] == ["blue", "white blue"]
    assert [score for _, score in ranked] == pytest.approx([cosines[1], cosines[2]])
    bundled_best = task.describe(picture, k=3)
    assert len(bundled_best) == 3 and "blue" in bundled_best[0][0]
    with pytest.raises(UserError, match="no text"):
        task.describe(picture, [])
    with pytest.raises(UserError, match="at least 1"):
        task.describe(picture, ["red"], k=0)


def test_bundled_descriptions_differ_and_stay_the_same() -> None:
    texts = bundled_descriptions()
    assert len(texts) == DESCRIPTIONS and len(set(texts)) > 0.99 * DESCRIPTIONS
    bundled_descriptions.cache_clear()
    assert bundled_descriptions() == texts


def test_the_bundled_gallery_is_drawn_once(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundled, "PICTURES", 3)
    folder = bundled.bundled_gallery()
    assert sorted(path.name for path in folder.iterdir()) == ["scene-000.png", "scene-001.png", "scene-002.png"]
    picture = read_image(folder / "scene-001.png")
    assert picture.size == (bundled.SIDE, bundled.SIDE) and len({p.read_bytes() for p in folder.iterdir()}) == 3
    times = {path: path.stat().st_mtime_ns for path in folder.iterdir()}
    (folder / "scene-002.png").unlink()
    assert bundled.bundled_gallery() == folder
    assert {p: p.stat().st_mtime_ns for p in folder.iterdir() if p.name != "scene-002.png"} == {
        p: t for p, t in times.items() if p.name != "scene-002.png"
    }
    cache_is_a_file = cache.parent / "file"
    cache_is_a_file.write_text("")
    monkeypatch.setattr(bundled, "CACHE", cache_is_a_file)
    with pytest.raises(UserError, match="can't be kept"):
        bundled.bundled_gallery()


@pytest.mark.parametrize("k", [0, -1])
def test_no_hits_can_be_asked_for(task: RetrievalTask, folder: Path, k: int) -> None:
    with pytest.raises(UserError, match="at least 1"):
        task.index(folder).search("red", k)


def test_a_gallery_with_nothing_readable_finds_nothing(task: RetrievalTask, tmp_path: Path) -> None:
    (tmp_path / "p").mkdir()
    Image.new("RGB", (1, 1)).save(tmp_path / "p" / "a.png")
    (tmp_path / "p" / "a.png").write_bytes(b"no picture")
    gallery = task.index(tmp_path / "p")
    assert gallery.search("red") == [] and len(gallery) == 0 and len(gallery.report.skipped) == 1
