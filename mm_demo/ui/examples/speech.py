"""The example recordings: short sentences by a speech synthesizer, each with what it is an example of."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class SpeechExample:
    """A recording, and what it is in words, such as "glad words, flat voice"."""

    path: Path
    shows: str


@cache
def speech_examples() -> tuple[SpeechExample, ...]:
    """The recordings, in the order in which the page shows them."""
    notes = json.loads((_FOLDER / "speech.json").read_text())
    return tuple(SpeechExample(_FOLDER / name, note["shows"]) for name, note in notes.items())
