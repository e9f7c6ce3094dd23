"""The pointing game (Zhang et al., 2016) over many maps."""

from __future__ import annotations

from typing import Any

import numpy as np

from mm_demo.evidence.pointing import Inside


def pointing_score(found: list[Inside]) -> dict[str, Any]:
    """How many maps were judged, the share that points at its object, and the share that random patches would."""
    hits, chances = np.array(found or [Inside(0.0, 0.0)]).mean(0).tolist()
    return {"n": len(found), "accuracy": hits, "baseline": chances}
