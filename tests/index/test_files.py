"""Folders as they are found: deep, linked in circles, forbidden, full of things that are no pictures."""

from __future__ import annotations

import os
import struct
import zlib
from pathlib import Path

import pytest
from PIL import Image

from mm_demo.errors import UserError
from mm_demo.index import PictureIndex, Report
from mm_demo.index.files import find_pictures
from mm_demo.tasks.inputs import read_image
from tests.index.colours import Colours, save_pictures, vector

posix = pytest.mark.skipif(os.name != "posix", reason="needs links and names as POSIX has them")


def names(folder: Path) -> list[str]:
    return [file.name for file in find_pictures(folder, folder / "index").pictures]


def build(folder: Path) -> tuple[PictureIndex, Report]:
    index = PictureIndex.open(folder.parent / "index")
    return index, index.build(folder, Colours(), read_image)


def touch(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"-")


def test_pictures_by_their_endings_and_nothing_hidden(tmp_path: Path) -> None:
    wanted = ["B.JPG", "a.png", "c.d/e.webp", "c.d/f.tiff"]
    for name in (*wanted, "readme.txt", "no_ending", ".hidden.png", ".cache/x.png", "c.d/._f.tiff", "index/y.png"):
        touch(tmp_path / name)
    (tmp_path / "folder.png").mkdir()
    assert names(tmp_path) == wanted


@posix
def test_circles_of_links_end_and_every_folder_is_entered_once(tmp_path: Path) -> None:
    pictures = tmp_path / "pictures"
    touch(pictures / "z" / "real" / "1.png")
    touch(tmp_path / "outside" / "2.png")
    (tmp_path / "outside" / "back").symlink_to(pictures)
    (pictures / "z" / "up").symlink_to(pictures)
    (pictures / "z" / "self").symlink_to(pictures / "z" / "self")
    (pictures / "a-link").symlink_to(pictures / "z" / "real")
    (pictures / "out").symlink_to(tmp_path / "outside")
    (pictures / "out-too").symlink_to(tmp_path / "outside")
    (pictures / "linked.png").symlink_to(tmp_path / "outside" / "2.png")
    assert names(pictures) == ["linked.png", "out/2.png", "z/real/1.png"]


@posix
def test_what_is_no_file_is_passed_over_and_a_dead_link_is_listed(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.png")
    (tmp_path / "dead.png").symlink_to(tmp_path / "gone.png")
    found = find_pictures(tmp_path, tmp_path / "index")
    assert found.pictures == []
    assert found.skipped == [(tmp_path / "dead.png", "This file can't be looked up (no such file or directory).")]


def test_thousands_of_files_and_a_deep_tree(tmp_path: Path) -> None:
    for i in range(2000):
        touch(tmp_path / f"{i % 7}" / f"{i}.png")
    deep = tmp_path / "/".join("d" * 300)
    touch(deep / "x.png")
    assert len(names(tmp_path)) == 2001


@pytest.mark.parametrize(
    "name",
    ["two\nlines.png", "🌵 cactus é.png", "it's 'quoted'.png", 'a "b" \\n.png', "%_;--.png", " .png.png", "漢字.png"],
)
@posix
def test_strange_names_are_found_changed_and_removed(tmp_path: Path, name: str) -> None:
    save_pictures(tmp_path / "pictures", 2)
    path = tmp_path / "pictures" / f"odd {name}" / name
    path.parent.mkdir()
    Image.new("RGB", (9, 9), "red").save(path)
    index, _ = build(tmp_path / "pictures")
    red = vector(Image.open(path))
    assert index.search(red, 1)[0].path == path
    Image.new("RGB", (8, 9), "blue").save(path)
    assert build(tmp_path / "pictures")[1].changed == 1
    assert index.search(vector(Image.open(path)), 1)[0].path == path
    path.unlink()
    assert build(tmp_path / "pictures")[1].removed == 1
    assert path not in {hit.path for hit in index.search(red, 9)}


@posix
def test_a_name_that_is_no_text(tmp_path: Path) -> None:
    save_pictures(tmp_path / "pictures", 2)
    try:
        Image.new("RGB", (9, 9)).save(os.fsencode(tmp_path) + b"/pictures/\xff\xfe.png")
    except OSError:
        pytest.skip("this file system takes only text")
    _, report = build(tmp_path / "pictures")
    assert report.added == 2
    ((path, sentence),) = report.skipped
    assert path.name == "??.png" and "rename it" in sentence


def test_broken_and_huge_pictures_among_good_ones(tmp_path: Path) -> None:
    paths = save_pictures(tmp_path / "pictures", 6)
    paths[0].write_bytes(b"")
    paths[1].write_bytes(b"GIF89a but no more")
    paths[2].write_bytes(paths[2].read_bytes()[:-300])
    header = struct.pack(">IIBBBBB", 50_000, 50_000, 8, 2, 0, 0, 0)
    chunks = [
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in ((b"IHDR", header), (b"IDAT", zlib.compress(bytes(1000))), (b"IEND", b""))
    ]
    paths[3].write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(chunks))
    index, report = build(tmp_path / "pictures")
    assert (report.added, len(index)) == (2, 2)
    told = dict(report.skipped)
    assert set(told) == set(paths[:4])
    for path, word in zip(paths, ("empty", "not a picture", "damaged", "million pixels")):
        assert word in told[path] and "\n" not in told[path]


def test_a_picture_that_broke_is_no_longer_found_and_comes_back_when_mended(tmp_path: Path) -> None:
    paths = save_pictures(tmp_path / "pictures", 3)
    good, (index, _) = paths[1].read_bytes(), build(tmp_path / "pictures")
    paths[1].write_bytes(b"broken")
    report = build(tmp_path / "pictures")[1]
    assert (report.removed, report.kept, len(report.skipped), len(index)) == (1, 2, 1, 2)
    paths[1].write_bytes(good)
    assert build(tmp_path / "pictures")[1].added == 1


def test_a_folder_that_can_not_be_read_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Simulated, because permissions don't bind an administrator, as whom tests may run.
    paths = save_pictures(tmp_path / "pictures", 9)
    index, _ = build(tmp_path / "pictures")
    paths[1].unlink()  # in "a", where it is seen to be gone
    scandir = os.scandir

    def forbidding(place: Path) -> object:
        if Path(place).name == "deep":
            raise PermissionError(13, "Permission denied")
        return scandir(place)

    monkeypatch.setattr(os, "scandir", forbidding)
    report = build(tmp_path / "pictures")[1]
    assert (report.removed, report.kept, len(index)) == (1, 8, 8)
    assert report.skipped == [(tmp_path / "pictures/a/deep", "This folder can't be read (permission denied).")]


@pytest.mark.parametrize("kind", ["missing", "empty", "file", "text only"])
def test_nothing_to_index(tmp_path: Path, kind: str) -> None:
    place = tmp_path / "pictures"
    if kind == "file":
        touch(place)
    elif kind != "missing":
        place.mkdir()
    if kind == "text only":
        touch(place / "notes.txt")
    with pytest.raises(UserError, match="not a folder" if kind in ("missing", "file") else "no pictures in"):
        build(place)
    assert len(PictureIndex.open(tmp_path / "index")) == 0


def test_an_emptied_folder_does_not_empty_its_index(tmp_path: Path) -> None:
    paths = save_pictures(tmp_path / "pictures", 3)
    index, _ = build(tmp_path / "pictures")
    for path in paths:
        path.unlink()
    with pytest.raises(UserError, match="no pictures in"):
        build(tmp_path / "pictures")
    assert len(index) == 3


def test_a_folder_may_be_named_in_several_ways(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save_pictures(tmp_path / "pictures", 3)
    build(tmp_path / "pictures")
    monkeypatch.chdir(tmp_path)
    for name in "pictures", "./pictures/", "pictures/a/..":
        assert PictureIndex.open("index").build(name, Colours(), read_image).kept == 3


def test_an_index_may_lie_among_its_pictures(tmp_path: Path) -> None:
    save_pictures(tmp_path / "pictures", 3)
    index = PictureIndex.open(tmp_path / "pictures" / "index")
    assert index.build(tmp_path / "pictures", Colours(), read_image).added == 3
    assert index.build(tmp_path / "pictures", Colours(), read_image).kept == 3
