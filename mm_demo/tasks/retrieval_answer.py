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

    def to_json(self) -> dict[str, Any]:
        """The command line's object (DESIGN contract): hits; and what else there is to say."""
        return {
            "hits": [{"path": str(hit.path), "score": hit.score} for hit in self.hits],
            "skipped": skipped_files(self.report),
            **self._remarks(),
        }

    def to_api(self, folder: Path) -> dict[str, Any]:
        """The same with "file" in place of "path": where in `folder` a picture is, with forward slashes.

        Gradio's clients take every object that has a "path" for a file, and try to fetch it.
        """
        return {
            "hits": [{"file": _below(folder, hit.path), "score": hit.score} for hit in self.hits],
            "skipped": [{"file": _below(folder, path), "reason": reason} for path, reason in self.report.skipped],
            **self._remarks(),
        }

    def _remarks(self) -> dict[str, Any]:
        return {
            "unknown_words": self.unknown_words,
            "notes": self.notes,
            "familiar": self.familiar,
            "familiarity": self.familiarity,
        }


def skipped_files(report: Report) -> SkippedFiles:
    """The files and folders that were passed over, each with the reason."""
    return [{"path": str(path), "reason": reason} for path, reason in report.skipped]


def _below(folder: Path, path: Path) -> str:
    return path.relative_to(folder).as_posix()
