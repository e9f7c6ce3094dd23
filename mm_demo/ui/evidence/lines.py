"""The evidence line under a map: a verdict, or how far its measuring has come."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mm_demo.evidence.verdict import Verdict

_SIGNS = {"supported": "✓", "unsupported": "✗", "unclear": "?"}

REMOVALS = {
    "mean": "the picture's mean colour",
    "blur": "a blurred copy",
    "noise": "noise",
    "attention": "nothing: the attention passes over them",
    "mask": "the mask token",
    "pad": "padding: the words are passed over",
    "silence": "silence",
}
"""What stands in the place of what was removed, as a person reads it."""


def verdict_line(verdict: Verdict) -> str:
    """The verdict with its sign."""
    return _line(verdict.kind, _SIGNS[verdict.kind], verdict.sentence)


def progress_line(answer: str, done: int, total: int) -> str:
    """What stands there while so many of the random orders are measured."""
    return _line("busy", "…", f"Checking the map of “{answer}”: {done} of {total} random orders")


def trouble_line(sentence: str) -> str:
    """One sentence on why there is no verdict."""
    return _line("trouble", "!", sentence)


def _line(kind: str, sign: str, sentence: str) -> str:
    return (
        f'<p class="evidence-line {kind}" role="status"><b aria-hidden="true">{sign}</b>'
        f"<span>{escape(sentence)}</span></p>"
    )
