"""Constructed pairs: a voice and a sentence that were never said together but mean the same."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from mm_demo.training.fusion.bank import Bank

_MISSING = 0.15
"""How often a modality is left out."""


@dataclass(frozen=True)
class Trust:
    """How often a voice or sentence that is all there still says the wrong thing, 0…1.

    The voice encoder is all but certain of the recordings it was trained on, yet errs on a new speaker. So that the
    fusion learns how far to trust each, that share of the pairs gets a voice (or sentence) of another sentiment.
    """

    audio: float
    text: float


class Pairs:
    """Draws training pairs; `collate` makes a batch from what `mm_demo.training.loop` asks for.

    A sentiment is drawn, then a voice and a sentence of it. What is unreliable is replaced by one of a random sentiment
    as often as it is unreliable: a drowned voice says nothing, whatever was said. Each modality is left out now and
    then.

    Args:
        audio: encoded voices.
        text: encoded sentences.
        trust: see `Trust`.
    """

    def __init__(self, audio: Bank, text: Bank, trust: Trust) -> None:
        self._banks = {"audio": audio, "text": text}
        self._wrong = {"audio": trust.audio, "text": trust.text}
        self._by_class = {
            name: [np.flatnonzero(bank.truth.numpy() == c) for c in range(3)] for name, bank in self._banks.items()
        }

    def collate(self, items: list[tuple[int, int]]) -> dict[str, Tensor]:
        """A batch from [(anything, seed of the draw)]."""
        rows: dict[str, list[int]] = {"audio": [], "text": []}
        present: dict[str, list[bool]] = {"audio": [], "text": []}
        labels = []
        for _, seed in items:
            rng = np.random.default_rng(seed)
            sentiment = int(rng.integers(3))
            labels.append(sentiment)
            for name in rows:
                rows[name].append(self._draw(name, sentiment, rng))
                present[name].append(bool(rng.random() >= _MISSING))
        batch = {"labels": torch.tensor(labels)}
        for name, bank in self._banks.items():
            chosen = torch.tensor(rows[name])
            lengths = bank.lengths[chosen]
            longest = int(lengths.max())
            real = torch.arange(longest)[None] < lengths[:, None]
            batch[f"{name}_pooled"] = bank.pooled[chosen].float()
            batch[f"{name}_states"] = bank.states[chosen, :longest].float()
            batch[f"{name}_mask"] = real & torch.tensor(present[name])[:, None]
            batch[f"{name}_sentiment"] = bank.sentiment[chosen]
        return batch

    def _draw(self, name: str, sentiment: int, rng: np.random.Generator) -> int:
        bank = self._banks[name]
        row = int(rng.choice(self._by_class[name][sentiment]))
        wrong = 1 - float(bank.reliability[row]) * (1 - 1.5 * self._wrong[name])
        if rng.random() >= wrong:
            return row
        # Another one that is as unreliable, of a sentiment drawn anew.
        others = self._by_class[name][int(rng.integers(3))]
        candidates = rng.choice(others, 16)
        return int(min(candidates, key=lambda i: abs(float(bank.reliability[i] - bank.reliability[row]))))
