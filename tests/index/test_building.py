"""An index follows its folder, whatever happens on the way."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mm_demo.errors import UserError
from mm_demo.index import PictureIndex, Report, building, store
from mm_demo.index.store import Store
from mm_demo.tasks.inputs import read_image
from tests.index.colours import Colours, save_pictures, vector

ROOT = Path(__file__).parents[2]


def build(folder: Path, **more: object) -> tuple[PictureIndex, Report]:
    index = PictureIndex.open(folder / "index")
    return index, index.build(folder / "pictures", Colours(), read_image, **more)  # type: ignore[arg-type]


def counts(report: Report) -> tuple[int, int, int, int, int]:
    return report.added, report.changed, report.removed, report.kept, len(report.skipped)


def matches_folder(index: PictureIndex, folder: Path) -> bool:
    """Every picture in the folder, and no other, finds itself with a score of 1."""
    paths = set(folder.rglob("*.png"))
    found = {index.search(vector(Image.open(path)), 1)[0] for path in paths}
    return (
        {hit.path for hit in found} == paths and min(hit.score for hit in found) > 0.9999 and len(index) == len(paths)
    )


def test_new_changed_and_deleted_pictures(tmp_path: Path) -> None:
    paths = save_pictures(tmp_path / "pictures", 12)
    index, report = build(tmp_path)
    assert counts(report) == (12, 0, 0, 0, 0)
    assert counts(build(tmp_path)[1]) == (0, 0, 0, 12, 0)
    paths[0].unlink()
    shutil.rmtree(tmp_path / "pictures" / "a" / "deep")  # four of them
    Image.new("RGB", (30, 30), "teal").save(paths[1])
    status = paths[3].stat()
    os.utime(paths[3], ns=(status.st_atime_ns, status.st_mtime_ns + 2_000_000))
    save_pictures(tmp_path / "pictures", 2, seed=1)
    index, report = build(tmp_path)
    assert counts(report) == (2, 2, 5, 5, 0)
    assert matches_folder(index, tmp_path / "pictures")


def test_only_what_is_new_or_changed_is_embedded(tmp_path: Path) -> None:
    save_pictures(tmp_path / "pictures", 9)
    build(tmp_path)
    save_pictures(tmp_path / "pictures", 3, seed=1)
    embedder = Colours()
    PictureIndex.open(tmp_path / "index").build(tmp_path / "pictures", embedder, read_image)
    assert embedder.seen == [3]


def test_progress_counts_every_picture_that_needs_work(tmp_path: Path) -> None:
    paths = save_pictures(tmp_path / "pictures", 10)
    paths[4].write_bytes(b"no picture")
    told: list[tuple[int, int, Path]] = []
    build(tmp_path, progress=lambda *step: told.append(step))
    assert [(done, total) for done, total, _ in told] == [(i, 10) for i in range(1, 11)]
    assert {path for *_, path in told} == set(paths)


def test_stopped_and_taken_up_again(tmp_path: Path) -> None:
    save_pictures(tmp_path / "pictures", 20)
    cancel = threading.Event()
    _, report = build(tmp_path, cancel=cancel, progress=lambda done, *_: cancel.set() if done == 8 else None)
    assert report.cancelled and counts(report) == (8, 0, 0, 0, 0)
    index, report = build(tmp_path)
    assert not report.cancelled and counts(report) == (12, 0, 0, 8, 0)
    assert matches_folder(index, tmp_path / "pictures")


SLOW = """
import sys
from mm_demo.index import PictureIndex, building
from mm_demo.tasks.inputs import read_image
from tests.index.colours import Colours
building.COMMIT_SECONDS = 0
PictureIndex.open(sys.argv[1] + "/index").build(sys.argv[1] + "/pictures", Colours(seconds=0.2), read_image)
"""


def test_killed_and_taken_up_again(tmp_path: Path) -> None:
    save_pictures(tmp_path / "pictures", 100)
    child = subprocess.Popen([sys.executable, "-c", SLOW, str(tmp_path)], cwd=ROOT)
    try:
        deadline = time.monotonic() + 60
        while len(PictureIndex.open(tmp_path / "index")) < 12 and time.monotonic() < deadline:
            assert child.poll() is None
            time.sleep(0.02)
        with pytest.raises(UserError, match="being built already"):
            build(tmp_path)
    finally:
        child.kill()
        child.wait()
    index = PictureIndex.open(tmp_path / "index")
    half = len(index)
    assert 12 <= half < 100
    assert index.search(vector(Image.new("RGB", (4, 4), "red")), 5)
    _, report = build(tmp_path)
    assert counts(report) == (100 - half, 0, 0, half, 0)
    assert matches_folder(index, tmp_path / "pictures")


FULL = """
import resource, sys
from mm_demo.errors import UserError
from mm_demo.index import PictureIndex, building
from mm_demo.tasks.inputs import read_image
from tests.index.colours import Colours
building.COMMIT_ROWS = 1
room = int(sys.argv[2])
def shrink(done, total, path):
    if done == 40:
        resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))
try:
    PictureIndex.open(sys.argv[1] + "/index").build(sys.argv[1] + "/pictures", Colours(), read_image, shrink)
except UserError as error:
    print(error)
"""


def test_a_disk_without_room_for_more(tmp_path: Path) -> None:
    # What the system says to a process that may write no more bytes to a file is what a full disk says, but for the
    # number; nobody needs to be root for it.
    save_pictures(tmp_path / "pictures", 60)
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(tmp_path), "300"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith("The disk is full at") and done.stdout.count("\n") == 1
    index = PictureIndex.open(tmp_path / "index")
    assert len(index) == 40
    assert counts(build(tmp_path)[1]) == (20, 0, 0, 40, 0)
    assert matches_folder(index, tmp_path / "pictures")


def test_the_database_says_that_the_disk_is_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save_pictures(tmp_path / "pictures", 3)
    index, _ = build(tmp_path)

    class Full:
        def __getattr__(self, name: str) -> object:
            raise RuntimeError(
                "lance error: LanceError(IO): No space left on device (os error 28), structural.rs:258:9"
            )

    monkeypatch.setattr(index._store, "_table", Full())
    with pytest.raises(UserError, match="The disk is full"):
        index._store.put([], np.zeros((0, 48)))  # type: ignore[union-attr]


def test_many_small_commits_are_put_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(building, "COMMIT_ROWS", 1)
    monkeypatch.setattr(store, "MANY_PARTS", 8)
    save_pictures(tmp_path / "pictures", 48)
    index, report = build(tmp_path)  # 12 batches
    assert report.added == 48
    opened = Store.open(tmp_path / "index")
    assert opened is not None and opened._table.stats()["fragment_stats"]["num_fragments"] == 1
    assert matches_folder(index, tmp_path / "pictures")


def test_searching_while_somebody_builds(tmp_path: Path) -> None:
    save_pictures(tmp_path / "pictures", 12)
    index, _ = build(tmp_path)
    save_pictures(tmp_path / "pictures", 40, seed=1)
    other = PictureIndex.open(tmp_path / "index")
    builder = threading.Thread(target=build, args=(tmp_path,))
    builder.start()
    while builder.is_alive():
        assert len(index.search(vector(Image.new("RGB", (4, 4), "red")), 5)) == 5
    builder.join()
    assert len(other) == len(index) == 52


def test_the_index_of_one_folder_is_not_filled_with_another(tmp_path: Path) -> None:
    save_pictures(tmp_path / "pictures", 3)
    index, _ = build(tmp_path)
    save_pictures(tmp_path / "others", 3)
    with pytest.raises(UserError, match="choose another folder for the index"):
        index.build(tmp_path / "others", Colours(), read_image)
    assert counts(build(tmp_path)[1]) == (0, 0, 0, 3, 0)


def test_pictures_wait_small(tmp_path: Path) -> None:
    (tmp_path / "pictures").mkdir()
    Image.new("RGB", (3000, 1500), "red").save(tmp_path / "pictures" / "large.jpg")
    sizes = []

    class Looks(Colours):
        def embed_pictures(self, pictures: object) -> np.ndarray:
            sizes.extend(picture.size for picture in pictures)  # type: ignore[attr-defined]
            return super().embed_pictures(pictures)  # type: ignore[arg-type]

    PictureIndex.open(tmp_path / "index").build(tmp_path / "pictures", Looks(), read_image)
    assert sizes == [(1024, 512)]


def test_a_model_that_breaks_its_word_is_no_mistake_of_the_user(tmp_path: Path) -> None:
    save_pictures(tmp_path / "pictures", 3)
    with pytest.raises(TypeError, match="vectors of shape"):
        PictureIndex.open(tmp_path / "index").build(tmp_path / "pictures", Colours(dimensions=47), read_image)
