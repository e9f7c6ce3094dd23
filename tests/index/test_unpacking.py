"""Zips as strangers send them."""

from __future__ import annotations

import io
import os
import stat
import struct
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from mm_demo.errors import UserError
from mm_demo.index import Limits, unpack

USUAL = Limits()


def png(colour: str = "red") -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (8, 8), colour).save(buffer, "png")
    return buffer.getvalue()


def zipped(folder: Path, entries: dict[str, bytes], **options: int) -> Path:
    path = folder / "upload.zip"
    with zipfile.ZipFile(path, "w", **options) as archive:  # type: ignore[call-overload]
        for name, data in entries.items():
            archive.writestr(name, data)
    return path


def refused(folder: Path, archive: Path, match: str, limits: Limits = USUAL) -> None:
    """It is refused with one line, and nothing is left behind, inside or outside of the target."""
    before = sorted(folder.rglob("*"))
    with pytest.raises(UserError, match=match) as caught:
        unpack(archive, folder / "out", limits)
    assert "\n" not in str(caught.value)
    assert sorted(folder.rglob("*")) == before


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_pictures_come_out_as_they_went_in_and_nothing_else(tmp_path: Path, method: int) -> None:
    wanted = {"a.png": png(), "sub/ü 🌵.PNG": png("blue"), "sub/deep/c.png": png("green")}
    junk = {"notes.txt": b"x", "__MACOSX/._a.png": b"x", ".git/x.png": b"x", "sub/run.sh": b"x"}
    assert unpack(zipped(tmp_path, wanted | junk, compression=method), tmp_path / "out") == 3
    out = tmp_path / "out"
    assert {str(p.relative_to(out)): p.read_bytes() for p in out.rglob("*") if p.is_file()} == wanted


def test_paths_of_windows(tmp_path: Path) -> None:
    unpack(zipped(tmp_path, {"sub\\a.png": png()}), tmp_path / "out")
    assert (tmp_path / "out/sub/a.png").is_file()


@pytest.mark.parametrize(
    "name",
    ["../evil.png", "a/../../evil.png", "/tmp/evil.png", "..\\evil.png", "\\evil.png", "C:\\evil.png", "C:evil.png",
     "a/..", "../notes.txt"],
)  # fmt: skip
def test_no_path_leads_outside(tmp_path: Path, name: str) -> None:
    refused(tmp_path, zipped(tmp_path, {"good.png": png(), name: png()}), "leads outside")


def test_links_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "upload.zip"
    with zipfile.ZipFile(path, "w") as archive:
        link = zipfile.ZipInfo("link.png")
        link.create_system, link.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
    refused(tmp_path, path, "holds a link")


@pytest.mark.parametrize(
    ("limits", "match"),
    [
        (Limits(files=2), "more than 2 files"),
        (Limits(file_bytes=len(png()) - 1), "more than is allowed"),
        (Limits(total_bytes=3 * len(png()) - 1), "more than is allowed"),
    ],
)
def test_limits(tmp_path: Path, limits: Limits, match: str) -> None:
    entries = {f"{i}.png": png() for i in range(3)}
    archive = zipped(tmp_path, entries)
    refused(tmp_path, archive, match, limits)
    assert unpack(archive, tmp_path / "out", Limits(3, len(png()), max(3 * len(png()), archive.stat().st_size))) == 3


def bomb(folder: Path, claimed: int | None) -> Path:
    """20 MB of zeros in 20 kB, its size as it is or as claimed, in both of the places where a zip says it."""
    path = zipped(folder, {"bomb.png": bytes(20_000_000)}, compression=zipfile.ZIP_DEFLATED)
    data = bytearray(path.read_bytes())
    if claimed is not None:
        struct.pack_into("<I", data, 22, claimed)
        struct.pack_into("<I", data, data.index(b"PK\x01\x02") + 24, claimed)
    path.write_bytes(data)
    return path


def test_a_bomb_is_refused_by_what_it_claims(tmp_path: Path) -> None:
    refused(tmp_path, bomb(tmp_path, None), "more than is allowed", Limits(total_bytes=10_000_000))


def test_a_bomb_is_refused_by_what_comes_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    refused(tmp_path, bomb(tmp_path, 1000), "damaged", Limits(total_bytes=10_000_000))
    # Python's own zip reader stops at the claimed size; one that did not is stopped by the count.
    monkeypatch.setattr(zipfile.ZipExtFile, "read", lambda self, n=-1: bytes(n))
    refused(tmp_path, bomb(tmp_path, 1000), "more than is allowed", Limits(total_bytes=10_000_000))


def encrypt(data: bytearray) -> None:
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(mark) + offset] |= 1


def unknown_method(data: bytearray) -> None:
    for mark, offset in ((b"PK\x03\x04", 8), (b"PK\x01\x02", 10)):
        struct.pack_into("<H", data, data.index(mark) + offset, 77)


def cut(data: bytearray) -> None:
    del data[-30:]


def flip(data: bytearray) -> None:
    data[60] ^= 0xFF


def clear(data: bytearray) -> None:
    data.clear()


@pytest.mark.parametrize(
    ("harm", "match"),
    [(encrypt, "is encrypted"), (unknown_method, "make it an ordinary zip"), (cut, "damaged"), (flip, "damaged"),
     (clear, "damaged")],
)  # fmt: skip
@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_damaged_and_locked_zips(tmp_path: Path, harm: Callable[[bytearray], None], match: str, method: int) -> None:
    path = zipped(tmp_path, {"a.png": png()}, compression=method)
    data = bytearray(path.read_bytes())
    harm(data)
    path.write_bytes(data)
    refused(tmp_path, path, match)


def test_no_zip_no_pictures_and_impossible_names(tmp_path: Path) -> None:
    (tmp_path / "picture.zip").write_bytes(png())
    refused(tmp_path, tmp_path / "picture.zip", "damaged")
    refused(tmp_path, zipped(tmp_path, {"notes.txt": b"x"}), "There are no pictures in")
    refused(tmp_path, zipped(tmp_path, {f"{'n' * 300}.png": png()}), "could not be unpacked")
    refused(tmp_path, zipped(tmp_path, {"a.png": png(), "a.png/b.png": png()}), "could not be unpacked")
    refused(tmp_path, tmp_path / "missing.zip", "could not be unpacked")


FULL = """
import resource, sys
from mm_demo.errors import UserError
from mm_demo.index import unpack
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
try:
    unpack(sys.argv[1] + "/upload.zip", sys.argv[1] + "/out")
except UserError as error:
    print(error)
"""


@pytest.mark.skipif(os.name != "posix", reason="limits the size of files as POSIX does")
def test_a_disk_without_room(tmp_path: Path) -> None:
    zipped(tmp_path, {"a.png": os.urandom(5000)})
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(tmp_path)], cwd=root, capture_output=True, text=True, check=True
    )
    assert "could not be unpacked" in done.stdout and done.stdout.count("\n") == 1
    assert not (tmp_path / "out").exists()
