"""The example pictures: scenes of the embedded models' world, each with questions that fit it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Example:
    """A picture, what it shows in words, and questions to ask about it."""

    path: Path
    shows: str
    questions: tuple[str, ...]


@cache
def examples() -> tuple[Example, ...]:
    """The examples, in the order in which the page shows them."""
    notes = json.loads((_FOLDER / "notes.json").read_text())
    return tuple(Example(_FOLDER / name, note["shows"], tuple(note["questions"])) for name, note in notes.items())


def example_questions(picture: str) -> list[str]:
    """The questions of the example with this file name; none if it isn't one."""
    return [text for example in examples() if example.path.name == Path(picture).name for text in example.questions]
