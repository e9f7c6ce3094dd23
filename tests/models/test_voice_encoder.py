"""The voice's encoder: its trace against the model's own attention, its products against the plain gradient."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from mm_demo.attention.recorder import to_records
from mm_demo.attention.trace import AudioLayout
from mm_demo.models.gradients import log_odds
from mm_demo.models.voice import VoiceFeatureExtractor
from mm_demo.models.voice.encoder import VoiceEncoder
from tests.speech import VOICE, make_voice, tone


@pytest.fixture(scope="module")
def encoder() -> VoiceEncoder:
    return VoiceEncoder(make_voice(), VoiceFeatureExtractor(num_bands=VOICE["num_bands"]))


def test_the_record_is_the_models_attention(encoder: VoiceEncoder) -> None:
    sound = tone(1.3)
    found = encoder.encode(sound)
    features = VoiceFeatureExtractor(num_bands=VOICE["num_bands"])([sound])
    plain = make_voice()(**features)
    torch.testing.assert_close(found.labels, plain.logits)
    torch.testing.assert_close(found.sentiment, plain.sentiment_logits)
    ((site, weights),) = found.taken
    assert (site.query, site.key, site.kind) == ("voice", "audio", "cross")
    torch.testing.assert_close(weights[0, :, 0], plain.attentions[0])
    torch.testing.assert_close(weights.sum(-1), torch.ones_like(weights[..., 0]))


@pytest.mark.parametrize("seconds", [0.02, 0.31, 1.0, 4.0])
def test_the_steps_cover_the_sound_without_a_gap(encoder: VoiceEncoder, seconds: float) -> None:
    found = encoder.encode(tone(seconds))
    layout = found.segments["audio"].layout
    assert isinstance(layout, AudioLayout)
    assert len(layout.times) == len(found.segments["audio"]) == found.states.shape[1]
    assert layout.times[0][0] == 0
    starts, ends = zip(*layout.times, strict=True)
    assert starts[1:] == pytest.approx(ends[:-1])
    assert layout.times[-1][1] == pytest.approx(max(seconds, layout.times[-1][0] + 0.001), abs=0.05)


def test_the_products_are_gradient_times_deviation_and_none_is_lost(encoder: VoiceEncoder) -> None:
    sound = tone(0.8)
    found = encoder.encode(sound)
    assert found.leaf is not None
    assert found.contribution is not None
    (gradient,) = torch.autograd.grad(log_odds(found.sentiment[0], 2), [found.leaf])
    products = found.contribution(gradient)
    assert products.products.shape == (found.states.shape[1], len(products.channels))
    assert sum(channel.endswith(" Hz") for channel in products.channels) == VOICE["num_bands"]

    features = VoiceFeatureExtractor(num_bands=VOICE["num_bands"])([sound])
    leaf = features["input_features"].requires_grad_()
    score = log_odds(make_voice()(leaf, features["attention_mask"]).sentiment_logits[0], 2)
    (plain,) = torch.autograd.grad(score, [leaf])
    expected = (plain * (leaf - leaf.mean(1, keepdim=True)))[0].sum(0).detach()
    torch.testing.assert_close(products.products.sum(0), expected, rtol=1e-4, atol=1e-5)


def test_a_late_frame_belongs_to_a_late_step(encoder: VoiceEncoder) -> None:
    found = encoder.encode(tone(1.0))
    assert found.leaf is not None
    assert found.contribution is not None
    gradient = torch.zeros_like(found.leaf)
    gradient[0, 50] = 1.0  # the frame at 0.5 s
    layout = found.segments["audio"].layout
    assert isinstance(layout, AudioLayout)
    moved = found.contribution(gradient).products.abs().sum(1)
    start, end = layout.times[int(moved.argmax())]
    assert start <= 0.5 <= end
    assert int((moved > 0).sum()) == 1


def test_the_record_carries_a_gradient(encoder: VoiceEncoder) -> None:
    found = encoder.encode(tone(0.6))
    (record,) = to_records(found.taken, log_odds(found.sentiment[0], 0))
    assert record.gradient is not None
    assert record.gradient.isfinite().all()
    assert record.gradient.abs().max() > 0


@pytest.mark.parametrize("samples", [1, 2, 511, 8000])
def test_silence_of_any_length_gives_an_answer(encoder: VoiceEncoder, samples: int) -> None:
    found = encoder.encode(np.zeros(samples, dtype=np.float32))
    assert found.labels.isfinite().all()
    assert found.sentiment.isfinite().all()


def test_noise_and_silence_are_no_voice(encoder: VoiceEncoder) -> None:
    rng = np.random.default_rng(0)
    assert encoder.encode(tone(1.0)).familiarity > 0.7
    padded = np.concatenate([np.zeros(5 * 16_000), tone(1.0)]).astype(np.float32)
    assert encoder.encode(padded).familiarity > 0.7
    assert encoder.encode(0.1 * rng.standard_normal(16_000).astype(np.float32)).familiarity < 0.3
    assert encoder.encode(np.zeros(16_000, dtype=np.float32)).familiarity < 0.3
