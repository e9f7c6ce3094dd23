"""Voices and sentences, each in several versions, as the encoders leave them: what the fusion is trained on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor
from tqdm import tqdm

from mm_demo.models.speech import RATE
from mm_demo.models.speech.encoders import Encoded, Encoder
from mm_demo.training.emodb import Utterance
from mm_demo.training.fusion.corruption import garbled, noisy
from mm_demo.training.sentences import SENTIMENTS, Sentence
from mm_demo.training.voice.augment import disturb

CLEAN, DROWNED = 25.0, -10.0
"""Signal-to-noise ratios in dB at which a voice counts as fully reliable, and as not at all."""
LONGEST = 160
"""States kept of one voice or sentence; more are cut."""


@dataclass(frozen=True)
class Bank:
    """Encoded versions of one modality.

    Attributes:
        pooled: (versions, dim) float16.
        states: (versions, length, dim) float16, zero where padded.
        lengths: (versions,).
        sentiment: (versions, 3), the encoder's own logits.
        truth: (versions,), index of the true sentiment.
        reliability: (versions,), 1 for an untouched one, 0 for one in which nothing is left.
    """

    pooled: Tensor
    states: Tensor
    lengths: Tensor
    sentiment: Tensor
    truth: Tensor
    reliability: Tensor

    def save(self, path: Path) -> None:
        """Write it as one safetensors file."""
        path.parent.mkdir(parents=True, exist_ok=True)
        save_file({name: value.contiguous() for name, value in vars(self).items()}, str(path))

    @classmethod
    def open(cls, path: Path) -> Bank | None:
        """What `save` wrote; None where there is nothing."""
        return cls(**load_file(str(path))) if path.is_file() else None


Version = tuple[Encoded, int, float]


def voices(encoder: Encoder[np.ndarray], utterances: list[Utterance], versions: int, seed: int) -> Bank:
    """Every recording in several versions: other rooms and microphones, and white noise at all levels."""

    def made() -> Iterator[Version]:
        for index, utterance in enumerate(tqdm(utterances, desc="voices")):
            for version in range(versions):
                rng = np.random.default_rng((seed, index, version))
                sound = disturb(utterance.sound, RATE, rng) if rng.random() < 0.7 else utterance.sound
                decibels = float(rng.uniform(DROWNED - 5, CLEAN + 10))
                if decibels < CLEAN:
                    sound = noisy(sound, decibels, rng)
                reliability = float(np.clip((decibels - DROWNED) / (CLEAN - DROWNED), 0, 1))
                yield encoder.encode(sound), utterance.sentiment, reliability

    return _collect(made())


def sentences(encoder: Encoder[str], given: list[Sentence], versions: int, seed: int) -> Bank:
    """Every sentence in several versions: half of them whole, the others with some or all words lost."""

    def made() -> Iterator[Version]:
        for index, sentence in enumerate(tqdm(given, desc="sentences")):
            for version in range(versions):
                rng = Random(hash((seed, index, version)))
                lost = 0.0 if rng.random() < 0.5 else rng.random()
                words = len(sentence.text.split())
                lost = round(lost * words) / words
                text = garbled(sentence.text, lost, rng)
                yield encoder.encode(text), SENTIMENTS.index(sentence.sentiment), 1 - lost

    return _collect(made())


def opened(path: Path, make: Callable[[], Bank]) -> Bank:
    """The bank in that file, made and written there first where it is missing."""
    bank = Bank.open(path)
    if bank is None:
        bank = make()
        bank.save(path)
    return bank


def _collect(versions: Iterable[Version]) -> Bank:
    pooled, states, lengths, sentiment, truth, reliability = [], [], [], [], [], []
    for encoded, label, certain in versions:
        kept = encoded.states[0, :LONGEST].detach().half()
        pooled.append(encoded.pooled[0].detach().half())
        states.append(torch.nn.functional.pad(kept, (0, 0, 0, LONGEST - len(kept))))
        lengths.append(len(kept))
        sentiment.append(encoded.sentiment[0].detach().float())
        truth.append(label)
        reliability.append(certain)
    longest = max(lengths)
    return Bank(
        torch.stack(pooled),
        torch.stack([s[:longest] for s in states]),
        torch.tensor(lengths),
        torch.stack(sentiment),
        torch.tensor(truth),
        torch.tensor(reliability),
    )
