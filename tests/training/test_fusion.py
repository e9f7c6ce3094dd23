"""Corruption by a known amount, and pairs drawn as they are meant to be."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest
import torch

from mm_demo.training.fusion.bank import Bank
from mm_demo.training.fusion.corruption import garbled, noisy
from mm_demo.training.fusion.pairs import Pairs, Trust


@pytest.mark.parametrize("decibels", [20.0, 0.0, -10.0])
def test_noise_has_its_level(decibels: float) -> None:
    voice = 0.02 * np.sin(np.arange(16_000) * 0.05).astype(np.float32)
    mixed = noisy(voice, decibels, np.random.default_rng(0))
    assert mixed.dtype == np.float32
    noise = mixed - voice
    found = 10 * np.log10(np.mean(voice**2) / np.mean(noise**2))
    assert found == pytest.approx(decibels, abs=0.3)


def test_noise_over_silence_is_noise_and_never_over_full_scale() -> None:
    rng = np.random.default_rng(0)
    assert noisy(np.zeros(4000, dtype=np.float32), 0.0, rng).any()
    assert np.abs(noisy(np.ones(4000, dtype=np.float32), -20.0, rng)).max() <= 1


@pytest.mark.parametrize("share", [0.0, 0.3, 0.5, 1.0])
def test_so_many_words_are_lost(share: float) -> None:
    words = [f"WORD{i}" for i in range(10)]
    left = garbled(" ".join(words), share, Random(1)).split()
    assert sum(word in words for word in left) == 10 - round(10 * share)
    assert garbled("", share, Random(1)) == ""


def bank(seed: int, versions: int = 300) -> Bank:
    """Each version's pooled vector holds its row; half of them are fully reliable, half not at all."""
    generator = torch.Generator().manual_seed(seed)
    lengths = torch.randint(1, 7, (versions,), generator=generator)
    return Bank(
        pooled=torch.arange(versions)[:, None].expand(-1, 4).half(),
        states=torch.ones(versions, 6, 3).half(),
        lengths=lengths,
        sentiment=torch.zeros(versions, 3),
        truth=torch.arange(versions) % 3,
        reliability=(torch.arange(versions) % 2).float(),
    )


def test_reliable_pairs_say_the_label_and_unreliable_ones_nothing() -> None:
    audio, text = bank(0), bank(1)
    pairs = Pairs(audio, text, Trust(audio=0.0, text=0.0))
    batch = pairs.collate([(0, seed) for seed in range(1200)])
    again = pairs.collate([(5, seed) for seed in range(1200)])
    assert all(torch.equal(batch[name], again[name]) for name in batch)
    for name, source in (("audio", audio), ("text", text)):
        rows = batch[f"{name}_pooled"][:, 0].long()
        right = source.truth[rows] == batch["labels"]
        reliable = source.reliability[rows] == 1
        assert right[reliable].all()
        assert 0.25 < float(right[~reliable].float().mean()) < 0.42
        there = batch[f"{name}_mask"].any(1)
        assert 0.8 < float(there.float().mean()) < 0.9
        assert torch.equal(batch[f"{name}_mask"].sum(1)[there], source.lengths[rows][there])
    counts = torch.bincount(batch["labels"], minlength=3)
    assert counts.min() > 340


def test_trust_makes_some_clean_voices_say_something_else() -> None:
    audio, text = bank(0), bank(1)
    batch = Pairs(audio, text, Trust(audio=0.24, text=0.0)).collate([(0, seed) for seed in range(3000)])
    rows = batch["audio_pooled"][:, 0].long()
    reliable = audio.reliability[rows] == 1
    wrong = (audio.truth[rows] != batch["labels"])[reliable]
    assert float(wrong.float().mean()) == pytest.approx(0.24, abs=0.03)
