"""Half the digits, the same answers and nearly the same maps: every family in bfloat16 and float16 beside float32."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

import mm_demo
from mm_demo.evaluation.vqa import questions_for
from mm_demo.models.loading import open_model
from mm_demo.models.voice.hearing import Hearing
from mm_demo.scenes import make_scene
from mm_demo.ui import examples
from tests.models import clip_checkpoints
from tests.models import speech_checkpoints as hub
from tests.speech import make_voice, tone

SEEDS = range(77_600_000, 77_600_003)
SPEECH = Path(examples.__file__).parent
WORDS = "I am so happy with this wonderful day"

Pair = tuple[np.ndarray, np.ndarray]

TOLERANCE = {"bfloat16": 0.15, "float16": 0.02}
"""Of a map: the sum of absolute differences as a share of the map's own. Of 90 answers, 30 captions, 20 matches and 48
recordings the worst were 0.050, 0.018, 0.054 and 0.110 in bfloat16, 0.005, 0.003, 0.005 and 0.004 in float16."""

WORDS_TOLERANCE = 0.15
"""The same of the relevance of spoken words, whose worst was 0.047 in either format."""


def scenes() -> list[Image.Image]:
    return [Image.fromarray(make_scene(seed).picture) for seed in SEEDS]


def vqa(full: Any, half: Any) -> Iterator[Pair]:
    for seed, image in zip(SEEDS, scenes(), strict=True):
        for question in questions_for(make_scene(seed), Random(seed))[:2]:
            a, b = full(image, question.text), half(image, question.text)
            assert a.answer == b.answer
            yield a.image_map, b.image_map


def caption(full: Any, half: Any) -> Iterator[Pair]:
    for image in scenes():
        a, b = full(image), half(image)
        assert a.answer == b.answer
        yield from ((one.map, two.map) for one, two in zip(a.tokens, b.tokens, strict=True))


def retrieval(full: Any, half: Any) -> Iterator[Pair]:
    texts, images = ["a red star", "a blue house"], scenes()
    cosines = [task.similarities(texts, images) for task in (full, half)]
    assert np.abs(cosines[0] - cosines[1]).max() < 0.02
    assert (cosines[0].argmax(1) == cosines[1].argmax(1)).all()
    center = full.center(images)
    for text, best in zip(texts, cosines[0].argmax(1), strict=True):
        a, b = (task.explain(images[best], text, center=center) for task in (full, half))
        yield a.map, b.map


def sentiment(full: Any, half: Any) -> Iterator[Pair]:
    spoken = json.loads((SPEECH / "speech.json").read_text())
    for name in ("speech-1.ogg", "speech-4.ogg"):
        a, b = (task(SPEECH / name, spoken[name]["words"]) for task in (full, half))
        assert a.answer == b.answer
        yield a.audio_map.relevance, b.audio_map.relevance
        words = [np.array([token.relevance for token in said.text_tokens]) for said in (a, b)]
        assert np.abs(words[0] - words[1]).sum() <= WORDS_TOLERANCE * np.abs(words[0]).sum()


@pytest.mark.parametrize("dtype", list(TOLERANCE))
@pytest.mark.parametrize("asked", [vqa, caption, retrieval, sentiment], ids=lambda asked: asked.__name__)
def test_the_shipped_checkpoints(asked: Any, dtype: str) -> None:
    full, half = (mm_demo.load(asked.__name__, device=f"cpu,{form}") for form in ("float32", dtype))
    assert half.info.dtype == dtype
    assert half.info.memory_bytes < 0.6 * full.info.memory_bytes
    for one, two in asked(full, half):
        assert np.abs(one - two).sum() <= TOLERANCE[dtype] * np.abs(one).sum()


@pytest.mark.parametrize("dtype", list(TOLERANCE))
@pytest.mark.parametrize("name", ["bert", "roberta", "distilbert", "wav2vec2", "hubert", "wavlm", "ast"])
def test_the_hubs_speech_models(name: str, dtype: str, tmp_path: Path) -> None:
    if name == "ast":
        folder = hub.save_spectrogram(tmp_path)
    else:
        folder = (hub.save_text if "bert" in name and name != "hubert" else hub.save_waveform)(name, tmp_path)
    full, half = (open_model("sentiment", str(folder), f"cpu,{form}") for form in ("float32", dtype))
    a, b = (model.judge(hub.sound(0.8), WORDS) for model in (full, half))  # type: ignore[union-attr]
    [own] = a.unimodal
    assert b.unimodal[own] == pytest.approx(a.unimodal[own], abs=0.03)
    for one, two in zip(a.trace.records, b.trace.records, strict=True):
        assert torch.isfinite(two.gradient).all()  # type: ignore[arg-type]
        assert (one.weights - two.weights).abs().sum() <= 0.1 * one.weights.sum()


@pytest.mark.parametrize("dtype", list(TOLERANCE))
@pytest.mark.parametrize("name", clip_checkpoints.NAMES)
def test_random_dual_encoders(name: str, dtype: str, tmp_path: Path, pictures: list[Image.Image]) -> None:
    folder = clip_checkpoints.save(name, tmp_path)
    full, half = (open_model("retrieval", str(folder), f"cpu,{form}") for form in ("float32", dtype))
    a, b = (model.match(pictures[0], "a red star") for model in (full, half))  # type: ignore[union-attr]
    assert b.similarity == pytest.approx(a.similarity, abs=0.02)
    assert all(torch.isfinite(record.gradient).all() for word in b.words for record in word.trace.records)  # type: ignore[arg-type]


def test_a_voice_is_measured_in_float32_whatever_the_weights_are() -> None:
    """Silence has a power of 1e-10, which float16 does not hold: its logarithm would be −∞, its gradient no number."""
    hearing: Hearing = make_voice().hearing
    frames = torch.zeros(1, 40, hearing.num_bands + 5)
    frames[..., : hearing.num_bands] = -100.0
    frames[:, :10, : hearing.num_bands] = -20.0
    seen = torch.ones(1, 40, dtype=torch.bool)
    expected = hearing(frames, seen)
    given = frames.half().requires_grad_()
    found = hearing.half()(given, seen)
    assert found.dtype == torch.float16
    assert torch.allclose(found.float(), expected, rtol=0.01, atol=0.01)
    found.float().square().sum().backward()
    assert torch.isfinite(given.grad).all()  # type: ignore[arg-type]


def test_a_deviation_keeps_its_digits() -> None:
    pooling = make_voice().pooling
    steps = 30 + 0.05 * torch.randn(1, 24, *pooling_shape(pooling), generator=torch.Generator().manual_seed(0))
    seen = torch.ones(1, 24, dtype=torch.bool)
    half = steps.bfloat16()
    expected, _ = pooling(half.float(), seen)
    found, weights = pooling.bfloat16()(half, seen)
    deviation = slice(half.shape[-1], None)
    heads = expected.unflatten(-1, (-1, 2 * half.shape[-1]))[..., deviation]
    assert torch.allclose(
        found.float().unflatten(-1, (-1, 2 * half.shape[-1]))[..., deviation], heads, rtol=0.1, atol=0.01
    )
    assert weights.sum(-1).allclose(torch.ones(()))


def pooling_shape(pooling: Any) -> tuple[int, int]:
    members, size, _ = pooling.look.weight.shape
    return members, size


def test_tones_are_judged_alike() -> None:
    full, half = (open_model("sentiment", device=f"cpu,{form}") for form in ("float32", "float16"))
    a, b = (model.judge(tone(1.0), None) for model in (full, half))  # type: ignore[union-attr]
    assert b.unimodal["audio"] == pytest.approx(a.unimodal["audio"], abs=0.02)
