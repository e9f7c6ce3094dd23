"""The words whose sentiment is asked for."""

from __future__ import annotations

import pytest

from mm_demo.errors import UserError
from mm_demo.tasks.words import TEXT_LIMIT, one_line, read_text


@pytest.mark.parametrize(
    ("typed", "clean"),
    [
        ("I am happy.", "I am happy."),
        ("  two\nlines\r\n\tand tabs ", "two lines and tabs"),
        ("<b>great</b> & <script>alert(1)</script>", "<b>great</b> & <script>alert(1)</script>"),
        ("so happy 🎉👩🏽‍🚀", "so happy 🎉👩🏽‍🚀"),
        ("я очень рад 很高兴 سعيد", "я очень рад 很高兴 سعيد"),
        ("cafe\u0301 \u202ered\u202c\ufeff", "café red"),
        ("odd\udcff\x00bytes", "odd bytes"),
        ("a" * TEXT_LIMIT, "a" * TEXT_LIMIT),
    ],
)
def test_text(typed: str, clean: str) -> None:
    assert read_text(typed) == clean


@pytest.mark.parametrize("typed", [None, "", "  \n\t", "\u200b\u200d\ufeff", "\x00"])
def test_no_words(typed: str | None) -> None:
    assert read_text(typed) is None
    assert typed is None or one_line(typed) == ""


@pytest.mark.parametrize(("typed", "part"), [("a" * (TEXT_LIMIT + 1), "100,001"), (7, "int"), (b"x", "bytes")])
def test_what_is_refused(typed: object, part: str) -> None:
    with pytest.raises(UserError, match=part) as caught:
        read_text(typed)  # type: ignore[arg-type]
    assert "\n" not in str(caught.value) and ":" in str(caught.value)
