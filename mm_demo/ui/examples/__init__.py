"""The example pictures: small drawings of the embedded models' world, each with questions that fit it."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

_FOLDER = Path(__file__).parent


def example_pictures() -> list[Path]:
    """The pictures, in the order in which the page shows them."""
    return [_FOLDER / name for name in _questions()]


def example_questions(picture: str) -> list[str]:
    """The questions of the example with this file name; none if it isn't one."""
    return list(_questions().get(Path(picture).name, ()))


@cache
def _questions() -> dict[str, list[str]]:
    return json.loads((_FOLDER / "questions.json").read_text())
