"""Every recording as features, once as it is and several times disturbed; made once and kept on disk."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from mm_demo.models.speech import RATE
from mm_demo.models.voice import VoiceFeatureExtractor
from mm_demo.training.emodb import Utterance
from mm_demo.training.voice.augment import disturb

COPIES = 12
"""How many copies of every recording the shipped checkpoint was trained on, the clean one among them."""


def make(utterances: list[Utterance], copies: int, seed: int, runs: Path) -> list[list[Tensor]]:
    """Features of every copy of every utterance: [copy][utterance] → (frames, channels), copy 0 as it was recorded.

    Args:
        utterances: the recordings.
        copies: how many of each, the clean one among them.
        seed: of the disturbances; an utterance's copy depends on nothing else.
        runs: folder where what was made is kept, and found again.
    """
    file = runs / f"voice-features-{copies}-{seed}.pt"
    if file.is_file():
        kept: list[list[Tensor]] = torch.load(file, weights_only=True)
        if len(kept[0]) == len(utterances):
            return kept
    extractor = VoiceFeatureExtractor()
    bank = [
        [_features(utterance, copy, index, seed, extractor) for index, utterance in enumerate(utterances)]
        for copy in tqdm(range(copies), desc="features of disturbed copies")
    ]
    runs.mkdir(parents=True, exist_ok=True)
    unfinished = file.with_suffix(".unfinished")
    torch.save(bank, unfinished)
    unfinished.replace(file)
    return bank


def _features(utterance: Utterance, copy: int, index: int, seed: int, extractor: VoiceFeatureExtractor) -> Tensor:
    sound = utterance.sound
    if copy:
        sound = disturb(sound, RATE, np.random.default_rng((seed, copy, index)))
    features: Tensor = extractor([sound])["input_features"][0]
    return features
