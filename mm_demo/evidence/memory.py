"""What a probe has been asked already, and which sets an order of removal asks for."""

from __future__ import annotations

import numpy as np

from mm_demo.evidence.probe import Probe


def kept_along(orders: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """(…, elements) orders → (…, counts, elements) bool: what is left when the first of each order are gone."""
    place = np.argsort(orders, axis=-1)
    return place[..., None, :] >= counts[:, None]


class Memory:
    """Asks a probe once for each set of elements: orders share their ends, and those of short texts much more.

    Args:
        probe: what is asked.
        chunk: most variants that are handed to `probe.score` at once.
    """

    def __init__(self, probe: Probe, chunk: int) -> None:
        self._probe, self._chunk = probe, chunk
        self._known: dict[bytes, float] = {}

    def score(self, kept: np.ndarray) -> np.ndarray:
        """(…, elements) bool, True where an element is kept → (…) scores."""
        rows = kept.reshape(-1, kept.shape[-1])
        keys = [row.tobytes() for row in np.packbits(rows, axis=1)]
        new = {key: row for key, row in zip(keys, rows) if key not in self._known}
        for start in range(0, len(new), self._chunk):
            some = list(new)[start : start + self._chunk]
            scores = self._probe.score(np.stack([new[key] for key in some]))
            self._known.update(zip(some, np.asarray(scores, dtype=float).tolist()))
        return np.array([self._known[key] for key in keys]).reshape(kept.shape[:-1])
