"""What a search answers to machines: hits, and what has to be said beside them."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mm_demo.index import Hit, Report

SkippedFiles = list[dict[str, str]]
"""[{"path", "reason"}]."""


@dataclass(frozen=True)
class SearchAnswer:
    """Hits with what qualifies them.

    Attributes:
        hits: best first.
        report: what was done to the index before.
        unknown_words: words of the query that the model does not know.
        notes: sentences on what of the query was left aside or is not to be relied on.
        familiar: whether the query's picture is of the kind that the model knows; True without one.
        familiarity: 0…1.
    """

    hits: list[Hit]
    report: Report
    unknown_words: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    familiar: bool = True
    familiarity: float = 1.0

    def to_json(self, below: Path | None = None) -> dict[str, Any]:
        """The command line's object (DESIGN contract): hits; and what else there is to say.

        Args:
            below: name files by their paths below this folder, with forward slashes; None for whole paths.
        """
        return {
            "hits": [{"path": _named(hit.path, below), "score": hit.score} for hit in self.hits],
            "skipped": skipped_files(self.report, below),
            "unknown_words": self.unknown_words,
            "notes": self.notes,
            "familiar": self.familiar,
            "familiarity": self.familiarity,
        }


def skipped_files(report: Report, below: Path | None = None) -> SkippedFiles:
    """The files and folders that were passed over, each with the reason."""
    return [{"path": _named(path, below), "reason": reason} for path, reason in report.skipped]


def _named(path: Path, below: Path | None) -> str:
    return str(path) if below is None else path.relative_to(below).as_posix()
