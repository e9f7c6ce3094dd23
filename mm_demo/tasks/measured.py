"""What `evaluate explanations` found on a checkpoint, kept beside it for the page."""

from __future__ import annotations

import json
from dataclasses import dataclass

from mm_demo.models.catalog import WEIGHTS

FILE = "explanations.json"


@dataclass(frozen=True)
class Measured:
    """One method on one checkpoint, on held-out generated pictures.

    Attributes:
        method: label.
        n: maps.
        peak: share 0…1 whose peak lies on the object that is meant.
        chance: the same of a random patch.
        srg: mean symmetric relevance gain.
        above: share 0…1 of the maps whose gain is above that of every one of 20 random orders.
        milliseconds: median time of a map.
    """

    method: str
    n: int
    peak: float
    chance: float
    srg: float
    above: float
    milliseconds: float


def measured_methods(model: str) -> list[Measured]:
    """Every method on this checkpoint, the recommended one first; none where nobody has measured it.

    Args:
        model: id of a checkpoint; others than embedded ones have not been measured.
    """
    path = WEIGHTS / model / FILE
    if model not in {folder.name for folder in WEIGHTS.iterdir()} or not path.is_file():
        return []
    found = json.loads(path.read_text(encoding="utf-8"))["methods"]
    return [
        Measured(
            label,
            row["n"],
            row["peak on object"],
            row["chance"],
            row["SRG"],
            row["above 20 random"],
            row["ms"],
        )
        for label, row in found.items()
    ]
