"""What a person's query is taken for."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mm_demo.errors import UserError
from mm_demo.tasks.retrieval_query import checked, read_query
from mm_demo.tasks.retrieval_result import Query


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Image.new("RGB", (6, 4), "red").save(tmp_path / "star.png")
    (tmp_path / "no ending").write_bytes((tmp_path / "star.png").read_bytes())
    (tmp_path / "sub").mkdir()
    return tmp_path


def test_files_are_pictures(here: Path) -> None:
    for source in ("star.png", "./star.png", "no ending", here / "star.png", Image.open("star.png"), np.zeros((4, 6))):
        query = read_query(source)
        assert query.text == "" and query.picture is not None and query.picture.size == (6, 4)


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("a red star", "a red star"),
        ("  a\n red \x00 star\u200b", "a red star"),
        ("sub", "sub"),
        ("red/blue star", "red/blue star"),
        ("and/or. Then more", "and/or. Then more"),
        ("3.5", "3.5"),
        ("a star.", "a star."),
        ("ster★n 🌟", "ster★n 🌟"),
        ("word " * 10_000, ("word " * 10_000).strip()),
    ],
)
def test_everything_else_is_words(here: Path, text: str, clean: str) -> None:
    assert read_query(text) == Query(clean)


@pytest.mark.parametrize(
    "source", ["moon.png", "MOON.JPEG", "there/notes.txt", "/no/such/file.webp", "x" * 5000 + ".png"]
)
def test_what_looks_like_a_path_must_be_one(here: Path, source: str) -> None:
    with pytest.raises(UserError, match="There is no picture “.*”: check its path, or say in words"):
        read_query(source)


@pytest.mark.parametrize(("source", "said"), [("./sub", "is a folder"), ("/dev/null", "not an ordinary file")])
def test_paths_to_other_things(here: Path, source: str, said: str) -> None:
    with pytest.raises(UserError, match=said):
        read_query(source)


@pytest.mark.parametrize("source", [None, "", " \n", "\u200b", Query(), Query("  ")])
def test_nothing_to_look_for(source: object) -> None:
    with pytest.raises(UserError, match="The query is empty"):
        read_query(source)  # type: ignore[arg-type]


def test_a_strangers_text_is_never_a_path(here: Path) -> None:
    assert checked(Query("star.png")) == Query("star.png")
    assert read_query(Query(" star.png ")) == Query("star.png")


@pytest.mark.parametrize("share", [-0.1, 1.1, float("nan")])
def test_shares_lie_between_0_and_1(share: float) -> None:
    with pytest.raises(UserError, match="between 0 and 1"):
        checked(Query("red", None, share))


def test_too_long_to_look_at() -> None:
    with pytest.raises(UserError, match="100,001 characters"):
        read_query("x" * 100_001)
