"""What building and searching an index come back with."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path


@dataclass(frozen=True)
class Hit:
    """One picture that was found."""

    path: Path
    """Where the picture lies."""
    score: float
    """Inner product of its vector with the query's: −1…1 for vectors of length 1, larger is more alike."""
    size: int
    """Bytes of the file when it was indexed."""
    modified: datetime
    """When the file had been changed last, UTC."""


@dataclass
class Report:
    """What one run of building did to an index."""

    added: int = 0
    """Pictures that were not in the index before."""
    changed: int = 0
    """Pictures whose file had another size or time than when they were indexed, embedded again."""
    removed: int = 0
    """Pictures whose file is gone or can't be read any more, taken out."""
    kept: int = 0
    """Pictures that were left as they were."""
    skipped: list[tuple[Path, str]] = field(default_factory=list)
    """Files and folders that could not be read, each with a sentence that says why. Bytes of a name that are no text
    are shown as “?”."""
    cancelled: bool = False
    """True where it was asked to stop before the end; what was done by then is in the index."""
