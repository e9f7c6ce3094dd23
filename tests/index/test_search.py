"""Search finds what brute force finds, and refuses what can't be compared."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mm_demo.errors import UserError
from mm_demo.index import PictureIndex, store
from mm_demo.tasks.inputs import read_image
from tests.index.colours import Colours, save_pictures, vector


@pytest.fixture(scope="module")
def gallery(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[Path], PictureIndex]:
    folder = tmp_path_factory.mktemp("gallery")
    paths = save_pictures(folder / "pictures", 40)
    index = PictureIndex.open(folder / "index")
    index.build(folder / "pictures", Colours(), read_image)
    return paths, index


def by_hand(paths: list[Path], query: np.ndarray) -> list[tuple[float, Path]]:
    return sorted(((float(vector(Image.open(path)) @ query), path) for path in paths), reverse=True)


@pytest.mark.parametrize("seed", range(5))
def test_the_best_are_those_of_brute_force(gallery: tuple[list[Path], PictureIndex], seed: int) -> None:
    paths, index = gallery
    query = np.random.default_rng(seed).standard_normal(48).astype(np.float32)
    query /= np.linalg.norm(query)
    expected = by_hand(paths, query)[:7]
    hits = index.search(query, 7)
    assert [hit.path for hit in hits] == [path for _, path in expected]
    assert [hit.score for hit in hits] == pytest.approx([score for score, _ in expected], abs=1e-5)


def test_the_center_is_the_mean_of_the_vectors(gallery: tuple[list[Path], PictureIndex], tmp_path: Path) -> None:
    paths, index = gallery
    assert index.center() == pytest.approx(np.mean([vector(Image.open(path)) for path in paths], axis=0), abs=1e-6)
    with pytest.raises(UserError, match="no picture in the index"):
        PictureIndex.open(tmp_path / "empty").center()


def test_a_picture_finds_itself_with_what_is_known_of_its_file(gallery: tuple[list[Path], PictureIndex]) -> None:
    paths, index = gallery
    (hit,) = index.search(vector(Image.open(paths[8])), 1)
    status = paths[8].stat()
    assert (hit.path, hit.size) == (paths[8], status.st_size)
    assert hit.score == pytest.approx(1, abs=1e-5)
    assert abs(hit.modified - datetime.fromtimestamp(status.st_mtime, UTC)).total_seconds() < 1e-3


def test_more_than_there_are(gallery: tuple[list[Path], PictureIndex]) -> None:
    paths, index = gallery
    assert len(index.search(vector(Image.open(paths[0])), 10**12)) == len(index) == len(paths)


def test_a_condition_is_met_before_the_best_are_chosen(gallery: tuple[list[Path], PictureIndex]) -> None:
    paths, index = gallery
    query = vector(Image.open(paths[0]))
    deep = [path for path in paths if path.parent.name == "deep"]
    found = [hit.path for hit in index.search(query, 5, where="path LIKE 'a/deep/%'")]
    assert found == [path for _, path in by_hand(deep, query)[:5]]
    middle = sorted(path.stat().st_size for path in paths)[20]
    assert all(hit.size > middle for hit in index.search(query, 5, where=f"size > {middle}"))


@pytest.mark.parametrize("where", ["siz > 3", "size >", "1; DROP TABLE pictures", "path = '", "size > 'x'", ""])
def test_what_is_no_condition(gallery: tuple[list[Path], PictureIndex], where: str) -> None:
    paths, index = gallery
    with pytest.raises(UserError, match="not a condition"):
        index.search(vector(Image.open(paths[0])), 3, where=where)
    assert len(index) == len(paths)


def test_what_can_not_be_searched(gallery: tuple[list[Path], PictureIndex], tmp_path: Path) -> None:
    query = vector(Image.new("RGB", (4, 4), "red"))
    with pytest.raises(UserError, match="at least 1"):
        gallery[1].search(query, 0)
    with pytest.raises(UserError, match="search with that model"):
        gallery[1].search(query[:47], 3)
    with pytest.raises(UserError, match="build it first"):
        PictureIndex.open(tmp_path / "none").search(query, 3)


@pytest.mark.parametrize("other", [Colours(model="other"), Colours(revision="2"), Colours(dimensions=47)])
def test_an_index_of_another_model_is_refused(
    gallery: tuple[list[Path], PictureIndex], tmp_path: Path, other: Colours
) -> None:
    paths, index = gallery
    index.check(Colours())
    with pytest.raises(UserError, match="was made with colours .revision 1."):
        index.check(other)
    with pytest.raises(UserError, match="was made with colours .revision 1."):
        index.build(paths[0].parent, other, read_image)
    assert len(index) == len(paths)


def test_nothing_is_found_where_no_picture_could_be_read(tmp_path: Path) -> None:
    (tmp_path / "broken.png").write_bytes(b"broken")
    index = PictureIndex.open(tmp_path / "index")
    assert len(index.build(tmp_path, Colours(), read_image).skipped) == 1
    assert index.search(vector(Image.new("RGB", (4, 4), "red")), 3) == []


def test_two_indexes_keep_apart(tmp_path: Path) -> None:
    indexes = []
    for name, colour in ("warm", "red"), ("cold", "blue"):
        (tmp_path / name).mkdir()
        Image.new("RGB", (8, 8), colour).save(tmp_path / name / f"{colour}.png")
        indexes.append(PictureIndex.open(tmp_path / f"{name} index"))
        indexes[-1].build(tmp_path / name, Colours(), read_image)
    query = vector(Image.new("RGB", (8, 8), "purple"))
    assert [[hit.path.name for hit in index.search(query, 9)] for index in indexes] == [["red.png"], ["blue.png"]]


def test_lists_take_over_where_there_are_many(
    gallery: tuple[list[Path], PictureIndex], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "LISTS_FROM", 300)
    paths = save_pictures(tmp_path / "pictures", 300)
    index = PictureIndex.open(tmp_path / "index")
    index.build(tmp_path / "pictures", Colours(batch=64), read_image)
    assert any(os.scandir(tmp_path / "index" / "pictures.lance" / "_indices"))
    right = 0
    for path in paths[::30]:
        query = vector(Image.open(path))
        found = {hit.path for hit in index.search(query, 10)}
        right += len(found & {other for _, other in by_hand(paths, query)[:10]})
    assert right >= 95


def test_the_picture_indexed_last_is_found_though_the_lists_are_older(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "LISTS_FROM", 300)
    save_pictures(tmp_path, 300)
    index = PictureIndex.open(tmp_path / "index")
    index.build(tmp_path, Colours(batch=64), read_image)
    (late,) = save_pictures(tmp_path, 1, seed=9)
    assert index.build(tmp_path, Colours(), read_image).added == 1
    assert index.search(vector(Image.open(late)), 1)[0].path == late
