"""Pictures and questions of every kind people hand in: right pixels, or one sentence."""

from __future__ import annotations

import io
import os
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mm_demo.errors import UserError
from mm_demo.tasks.inputs import LONGEST_SIDE, PIXEL_LIMIT, QUESTION_LIMIT, read_image, read_question

RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)


def pixel(image: Image.Image, x: int, y: int) -> tuple[int, int, int]:
    value = image.getpixel((x, y))
    assert isinstance(value, tuple)
    return value


def near(actual: tuple[int, ...], expected: tuple[int, ...], by: int = 3) -> bool:
    return all(abs(a - e) <= by for a, e in zip(actual, expected, strict=True))


def quarters() -> Image.Image:
    """6 × 4: red top left, green top right, blue bottom left, white bottom right."""
    image = Image.new("RGB", (6, 4), WHITE)
    image.paste(RED, (0, 0, 3, 2))
    image.paste(GREEN, (3, 0, 6, 2))
    image.paste(BLUE, (0, 2, 3, 4))
    return image


def refused(source: object) -> str:
    """The sentence with which a picture is refused: one line, ending in a full stop."""
    with pytest.raises(UserError) as caught:
        read_image(source)  # type: ignore[arg-type]
    sentence = str(caught.value)
    assert "\n" not in sentence and sentence.endswith(".") and len(sentence) < 200
    return sentence


@pytest.mark.parametrize("as_path", [str, Path])
def test_a_path_is_read(tmp_path: Path, as_path: type) -> None:
    quarters().save(tmp_path / "pücture 1.png")
    image = read_image(as_path(tmp_path / "pücture 1.png"))
    assert (image.mode, image.size) == ("RGB", (6, 4))
    assert np.array_equal(np.asarray(image), np.asarray(quarters()))


@pytest.mark.parametrize("suffix", ["png", "bmp", "tiff", "gif", "webp", "ppm", "jpg", "tga"])
def test_formats(tmp_path: Path, suffix: str) -> None:
    big = quarters().resize((60, 40), Image.Resampling.NEAREST)
    options = {"quality": 95} if suffix == "jpg" else {"lossless": True} if suffix == "webp" else {}
    big.save(tmp_path / f"a.{suffix}", **options)
    assert near(pixel(read_image(tmp_path / f"a.{suffix}"), 45, 10), GREEN, by=12)


# Where the stored picture's top left corner belongs in the upright one, by the EXIF standard's table.
CORNERS = {1: (0, 0), 2: (1, 0), 3: (1, 1), 4: (0, 1), 5: (0, 0), 6: (1, 0), 7: (1, 1), 8: (0, 1)}


@pytest.mark.parametrize("orientation", CORNERS)
def test_exif_rotation(tmp_path: Path, orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored = quarters().resize((60, 40), Image.Resampling.NEAREST)
    stored.save(tmp_path / "a.jpg", quality=95, exif=exif)
    image = read_image(tmp_path / "a.jpg")
    assert image.size == ((40, 60) if orientation >= 5 else (60, 40))
    right, bottom = CORNERS[orientation]
    assert near(pixel(image, right * (image.width - 1), bottom * (image.height - 1)), RED, by=20)


def test_garbled_exif_does_not_refuse_the_picture(tmp_path: Path) -> None:
    quarters().save(tmp_path / "a.jpg", exif=b"Exif\x00\x00garbage" * 9)
    assert read_image(tmp_path / "a.jpg").size == (6, 4)


@pytest.mark.parametrize("mode", ["RGBA", "LA", "PA"])
def test_transparent_becomes_white(tmp_path: Path, mode: str) -> None:
    image = Image.new("RGBA", (4, 2), (0, 0, 0, 0))
    image.paste((0, 0, 0, 255), (0, 0, 2, 2))
    image.putpixel((1, 0), (0, 0, 0, 128))
    read = read_image(image.convert(mode))
    assert pixel(read, 0, 0) == (0, 0, 0)
    assert pixel(read, 3, 1) == WHITE
    if mode != "PA":
        assert near(pixel(read, 1, 0), (127, 127, 127))


def test_transparent_palette_file(tmp_path: Path) -> None:
    image = Image.new("P", (3, 1), 0)
    image.putpalette([*RED, *GREEN, *BLUE])
    image.putdata([0, 1, 2])
    image.save(tmp_path / "a.png", transparency=1)
    read = read_image(tmp_path / "a.png")
    assert [pixel(read, x, 0) for x in range(3)] == [RED, WHITE, BLUE]


def test_palette_file(tmp_path: Path) -> None:
    quarters().convert("P", palette=Image.Palette.ADAPTIVE, colors=4).save(tmp_path / "a.gif")
    assert near(pixel(read_image(tmp_path / "a.gif"), 5, 0), GREEN)


def test_cmyk(tmp_path: Path) -> None:
    quarters().resize((60, 40), Image.Resampling.NEAREST).convert("CMYK").save(tmp_path / "a.jpg", quality=95)
    image = read_image(tmp_path / "a.jpg")
    assert near(pixel(image, 5, 5), RED, by=12) and near(pixel(image, 55, 35), WHITE, by=12)


def test_sixteen_bits_are_scaled_not_clipped(tmp_path: Path) -> None:
    levels = np.array([[0, 257, 32896, 65535]], dtype=np.uint16)
    Image.fromarray(levels).save(tmp_path / "a.png")
    Image.fromarray(levels).save(tmp_path / "a.tiff")
    for source in (tmp_path / "a.png", tmp_path / "a.tiff", levels, levels.astype(">u2"), levels.astype(np.int32)):
        assert np.asarray(read_image(source))[0].tolist() == [[0] * 3, [1] * 3, [128] * 3, [255] * 3]


def test_grey_and_one_bit() -> None:
    grey = Image.new("L", (2, 2), 77)
    assert pixel(read_image(grey), 1, 1) == (77, 77, 77)
    assert pixel(read_image(Image.new("1", (2, 2), 1)), 1, 1) == WHITE


@pytest.mark.parametrize(
    ("array", "expected"),
    [
        (np.full((2, 3), 0.5), (128, 128, 128)),
        (np.full((2, 3, 1), 1.0, np.float32), WHITE),
        (np.full((2, 3, 3), 1.0002, np.float32), WHITE),
        (np.broadcast_to(np.array([0.0, 0.0, 1.0]), (2, 3, 3)), BLUE),
        (np.full((2, 3), 100.0), (100, 100, 100)),
        (np.full((2, 3), 100, np.int64), (100, 100, 100)),
        (np.full((2, 3), True), WHITE),
        (np.broadcast_to(np.array([255, 0, 0, 255], np.uint8), (2, 3, 4)), RED),
        (np.broadcast_to(np.array([255, 0, 0, 0], np.uint8), (2, 3, 4)), WHITE),
        (np.broadcast_to(np.array([9, 255], np.uint8), (2, 3, 2)), (9, 9, 9)),
        (np.full((2, 3), 0.5, np.float16), (128, 128, 128)),
    ],
)
def test_arrays(array: np.ndarray, expected: tuple[int, int, int]) -> None:
    image = read_image(array)
    assert image.size == (3, 2)
    assert pixel(image, 2, 1) == expected


@pytest.mark.parametrize(
    "array",
    [
        np.zeros(5),
        np.zeros((3, 8, 8)),
        np.zeros((2, 2, 3, 1)),
        np.zeros((0, 4, 3), np.uint8),
        np.zeros((4, 4), complex),
        np.full((4, 4), "a"),
        np.full((4, 4), np.nan),
        np.full((4, 4), np.inf),
        np.full((4, 4), -5),
        np.full((4, 4), 1e9),
        np.broadcast_to(np.uint8(0), (20_000, 20_000)),
    ],
    ids=lambda a: f"{a.dtype}{a.shape}",
)
def test_arrays_that_are_no_picture(array: np.ndarray) -> None:
    assert "rray" in refused(array)


def test_animation_gives_its_first_frame(tmp_path: Path) -> None:
    frames = [Image.new("RGB", (8, 8), colour) for colour in (RED, GREEN, BLUE)]
    for suffix in ("gif", "webp", "png"):
        path = tmp_path / f"a.{suffix}"
        frames[0].save(path, save_all=True, append_images=frames[1:], duration=50)
        assert near(pixel(read_image(path), 4, 4), RED)


@pytest.mark.parametrize("suffix", ["png", "jpg", "gif", "webp", "tiff", "bmp"])
@pytest.mark.parametrize("kept", [0.03, 0.5, 0.95])
def test_truncated_file(tmp_path: Path, suffix: str, kept: float) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    whole = io.BytesIO()
    Image.fromarray(noise).save(whole, Image.registered_extensions()[f".{suffix}"])
    data = whole.getvalue()
    path = tmp_path / f"a.{suffix}"
    path.write_bytes(data[: int(len(data) * kept)])
    assert f"a.{suffix}" in refused(path)


def test_garbled_files_never_escape_as_another_error(tmp_path: Path) -> None:
    random = np.random.default_rng(1)
    for suffix in ("png", "jpg", "gif", "webp", "tiff", "bmp"):
        whole = io.BytesIO()
        quarters().resize((48, 32)).save(whole, Image.registered_extensions()[f".{suffix}"])
        for _ in range(40):
            data = bytearray(whole.getvalue())
            for place in random.integers(0, len(data), 6):
                data[place] = random.integers(0, 256)
            (tmp_path / "a").write_bytes(data)
            try:
                assert read_image(tmp_path / "a").mode == "RGB"
            except UserError as error:
                assert "\n" not in str(error)


def test_not_an_image(tmp_path: Path) -> None:
    for name, data in {
        "a.png": b"hello",
        "b.jpg": b"%PDF-1.7 ...",
        "c.svg": b"<svg/>",
        "d.eps": b"%!PS-Adobe-3.0",
    }.items():
        (tmp_path / name).write_bytes(data)
        assert "not a picture" in refused(tmp_path / name)


def test_zero_bytes_directory_missing(tmp_path: Path) -> None:
    (tmp_path / "empty.png").touch()
    assert "empty" in refused(tmp_path / "empty.png")
    assert "folder" in refused(tmp_path)
    assert "no file" in refused(tmp_path / "none.png")
    assert "no file" in refused("https://example.org/cat.png")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="named pipes are POSIX only")
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert "ordinary file" in refused(tmp_path / "pipe")


@pytest.mark.parametrize("source", [None, "", 7, b"bytes", ["a.png"], "a\0b", "x" * 5000])
def test_things_that_are_no_picture(source: object) -> None:
    assert refused(source)


def test_very_wide_jpeg_is_reduced(tmp_path: Path) -> None:
    image = Image.new("RGB", (20_000, 400), BLUE)
    image.paste(RED, (0, 0, 10_000, 400))
    image.save(tmp_path / "wide.jpg")
    read = read_image(tmp_path / "wide.jpg")
    assert read.size == (LONGEST_SIDE, round(400 * LONGEST_SIDE / 20_000))
    assert near(pixel(read, 100, 40), RED) and near(pixel(read, 4000, 40), BLUE)


def test_very_wide_transparent_png_is_reduced(tmp_path: Path) -> None:
    Image.new("RGBA", (20_000, 300), (0, 0, 255, 0)).save(tmp_path / "wide.png")
    read = read_image(tmp_path / "wide.png")
    assert read.width == LONGEST_SIDE and pixel(read, 2000, 30) == WHITE


def png_that_claims(width: int, height: int) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(999))) + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize("side", [int(PIXEL_LIMIT**0.5) + 1, 12_000, 60_000])
def test_decompression_bombs_are_refused_undecoded(tmp_path: Path, side: int, recwarn: pytest.WarningsRecorder) -> None:
    (tmp_path / "bomb.png").write_bytes(png_that_claims(side, side))
    assert "100 million pixels" in refused(tmp_path / "bomb.png")


@pytest.mark.parametrize("size", [(1, 1), (1, 9000), (9000, 1), (3, 2000)])
def test_tiny_and_extreme_shapes(size: tuple[int, int]) -> None:
    read = read_image(Image.new("RGB", size, GREEN))
    assert read.size == tuple(min(side, LONGEST_SIDE) for side in size)
    assert pixel(read, read.width - 1, read.height - 1) == GREEN


def test_the_callers_picture_is_left_alone() -> None:
    mine = quarters()
    read = read_image(mine)
    read.putpixel((0, 0), (1, 2, 3))
    assert pixel(mine, 0, 0) == RED


@pytest.mark.parametrize(
    ("typed", "clean"),
    [
        ("what color is the star?", "what color is the star?"),
        ("  what\tcolor \n\r\n is  it ?  ", "what color is it ?"),
        ("what\x00color\x1b[31m", "what color [31m"),
        ("is it \u202ered\u202c\ufeff?", "is it red?"),
        ("how many 🐱‍👤 👩🏽‍🚀 🏴󠁧󠁢󠁥󠁮󠁧󠁿 ?", "how many 🐱‍👤 👩🏽‍🚀 🏴󠁧󠁢󠁥󠁮󠁧󠁿 ?"),
        ("<b>what</b> & <script>alert(1)</script>", "<b>what</b> & <script>alert(1)</script>"),
        ("cafe\u0301", "café"),
        ("\u3000何色\u00a0ですか？", "何色 ですか？"),
        ("odd\udcff bytes", "odd bytes"),
        ("?", "?"),
        ("a" * QUESTION_LIMIT, "a" * QUESTION_LIMIT),
        (" " * 5000 + "what?", "what?"),
    ],
)
def test_questions(typed: str, clean: str) -> None:
    assert read_question(typed) == clean


@pytest.mark.parametrize(
    "typed", [None, "", "   ", "\n\t\x00", "\u200b\u200d\ufeff", 7, b"what?", ["what?"], "a" * 501]
)
def test_questions_that_are_refused(typed: object) -> None:
    with pytest.raises(UserError) as caught:
        read_question(typed)  # type: ignore[arg-type]
    sentence = str(caught.value)
    assert "\n" not in sentence and len(sentence) < 120 and ":" in sentence


def test_a_book_is_refused_with_its_length() -> None:
    with pytest.raises(UserError, match="999,999"):
        read_question("word " * 200_000)
