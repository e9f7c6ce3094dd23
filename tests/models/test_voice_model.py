"""The voice model: what is computed side by side equals what PyTorch and librosa compute one by one."""

from __future__ import annotations

from pathlib import Path

import librosa
import numpy as np
import pytest
import torch
from torch import Tensor, nn
from transformers import AutoConfig, AutoFeatureExtractor, AutoModelForAudioClassification

from mm_demo.attention.recorder import Recorder, Site, to_records
from mm_demo.models.voice import VoiceConfig, VoiceFeatureExtractor, VoiceForEmotionClassification
from mm_demo.models.voice.hearing import cosine_transform
from mm_demo.models.voice.members import MemberGRU, MemberLinear
from mm_demo.models.voice.pooling import AttentionPooling


@pytest.fixture(scope="module")
def model() -> VoiceForEmotionClassification:
    torch.manual_seed(0)
    return VoiceForEmotionClassification(VoiceConfig(hidden_size=8, members=2)).eval()


@pytest.fixture(scope="module")
def features() -> Tensor:
    rng = np.random.default_rng(0)
    return VoiceFeatureExtractor()([rng.normal(0, 0.1, 9_000).astype(np.float32)])["input_features"]


@pytest.mark.parametrize("member", [0, 1])
def test_a_member_s_recurrence_is_pytorch_s_on_packed_sequences(member: int) -> None:
    torch.manual_seed(1)
    ours = MemberGRU(2, 5, 4)
    for parameter in ours.parameters():
        nn.init.normal_(parameter)
    theirs = nn.GRU(5, 4, batch_first=True, bidirectional=True)
    state = {}
    for direction, suffix in enumerate(("", "_reverse")):
        network = 2 * member + direction
        state[f"weight_ih_l0{suffix}"] = ours.inner[network].T
        state[f"weight_hh_l0{suffix}"] = ours.again[network].T
        state[f"bias_ih_l0{suffix}"] = ours.inner_bias[network, 0]
        state[f"bias_hh_l0{suffix}"] = ours.again_bias[network, 0]
    theirs.load_state_dict(state)
    steps, lengths = torch.randn(3, 7, 2, 5), [7, 3, 5]
    mask = torch.arange(7) < torch.tensor(lengths)[:, None]
    packed = nn.utils.rnn.pack_padded_sequence(steps[:, :, member], lengths, batch_first=True, enforce_sorted=False)
    expected, _ = nn.utils.rnn.pad_packed_sequence(theirs(packed)[0], batch_first=True)
    torch.testing.assert_close(ours(steps, mask)[:, :, member][mask], expected[mask], atol=1e-5, rtol=1e-4)


def test_a_member_s_linear_layer_sees_its_own_values_alone() -> None:
    layer = MemberLinear(3, 4, 2)
    values = torch.randn(5, 3, 4)
    expected = torch.stack([values[:, m] @ layer.weight[m] + layer.bias[m] for m in range(3)], 1)
    torch.testing.assert_close(layer(values), expected)


def test_cepstra_are_librosa_s() -> None:
    bands = np.random.default_rng(0).normal(-30, 10, (40, 7)).astype(np.float32)
    ours = torch.from_numpy(bands.T) @ cosine_transform(40, 20)
    np.testing.assert_allclose(ours.T, librosa.feature.mfcc(S=bands, n_mfcc=20), atol=1e-3)


def test_pooling_is_the_weighted_mean_and_deviation() -> None:
    torch.manual_seed(0)
    steps, mask = torch.randn(1, 6, 2, 5), torch.tensor([[True] * 4 + [False] * 2])
    pooled, weights = AttentionPooling(5, members=2, heads=3, hidden=4)(steps, mask)
    assert weights.shape == (1, 6, 1, 6)
    torch.testing.assert_close(weights.sum(-1), torch.ones(1, 6, 1))
    assert (weights[..., 4:] == 0).all()
    of_head = weights[0, 3 + 2, 0].detach().numpy()
    expected = np.average(steps[0, :, 1].numpy(), axis=0, weights=of_head)
    spread = np.sqrt(np.average((steps[0, :, 1].numpy() - expected) ** 2, axis=0, weights=of_head))
    np.testing.assert_allclose(pooled[0, 1].detach().view(3, 2, 5)[2], [expected, spread], atol=2e-3)


@pytest.mark.parametrize("frames", [1, 2, 3, 4, 5, 50, 57])
def test_padding_changes_nothing(model: VoiceForEmotionClassification, features: Tensor, frames: int) -> None:
    alone = features[:, :frames]
    padded = torch.cat([alone, torch.full((1, 23, alone.shape[2]), 7.0)], 1)
    mask = torch.arange(frames + 23)[None] < frames
    one, other = model(alone), model(padded, mask)
    torch.testing.assert_close(one.logits, other.logits, atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(one.sentiment_logits, other.sentiment_logits, atol=1e-5, rtol=1e-4)
    steps = one.attentions.shape[-1]
    torch.testing.assert_close(one.attentions, other.attentions[..., :steps], atol=1e-5, rtol=1e-4)
    assert (other.attentions[..., steps:] == 0).all()


def test_a_row_without_any_sound_gives_numbers(model: VoiceForEmotionClassification, features: Tensor) -> None:
    output = model(features.repeat(2, 1, 1), torch.stack([torch.ones(57), torch.zeros(57)]).bool())
    assert output.logits.isfinite().all() and output.pooled.isfinite().all()
    assert (output.attentions[1] == 0).all()


def test_shapes_and_probabilities(model: VoiceForEmotionClassification, features: Tensor) -> None:
    output = model(features, labels=torch.tensor([2]), sentiment_labels=torch.tensor([0]))
    steps = len(model.step_times(output.attentions.shape[-1]))
    assert output.attentions.shape == (1, 4, steps) and output.hidden_states[0].shape == (1, steps, 2 * 2 * 8)
    assert output.pooled.shape == (1, 16)
    torch.testing.assert_close(output.logits.softmax(-1), output.member_logits.softmax(-1).mean(1))
    torch.testing.assert_close(output.logits.exp().sum(-1), torch.ones(1))
    expected = -output.member_logits.log_softmax(-1)[0, :, 2].mean()
    expected = expected - output.member_sentiment_logits.log_softmax(-1)[0, :, 0].mean()
    torch.testing.assert_close(output.loss, expected)


def test_step_times_follow_one_another_to_the_end_of_the_sound(
    model: VoiceForEmotionClassification, features: Tensor
) -> None:
    times = model.step_times(model(features).attentions.shape[-1])
    assert times[0][0] == 0.0 and all(end == pytest.approx(start) for (_, end), (start, _) in zip(times, times[1:]))
    assert abs(times[-1][1] - 9_000 / 16_000) < model.step_seconds


def test_the_answer_depends_on_the_attention_and_on_the_bands(
    model: VoiceForEmotionClassification, features: Tensor
) -> None:
    recorder = Recorder([Site(model.pooling, 0, "cross", "answer", "voice")], differentiable=True)
    heard = features.clone().requires_grad_()
    with recorder.hooked(), recorder.active():
        output = model(heard)
    score = output.sentiment_logits[0, 0]
    record = to_records(recorder.take(), score)[0]
    assert record.weights.shape == (4, 1, output.attentions.shape[-1])
    assert record.gradient is not None and record.gradient.abs().sum() > 0
    (gradient,) = torch.autograd.grad(score, heard)
    assert (gradient[0, :, :40].abs().sum(0) > 0).all()


def test_louder_is_the_same(model: VoiceForEmotionClassification) -> None:
    time = np.arange(16_000) / 16_000
    sound = (
        np.sin(2 * np.pi * 150 * time) * (1 + np.sin(2 * np.pi * 3 * time))
        + 0.2 * np.random.default_rng(0).normal(size=16_000)
    ) * 0.05
    sound = sound.astype(np.float32)
    quiet, loud = (model(VoiceFeatureExtractor()([sound * gain])["input_features"]).logits for gain in (1.0, 8.0))
    torch.testing.assert_close(quiet, loud, atol=1e-2, rtol=1e-2)


def test_saved_and_opened_by_its_name_alone(
    model: VoiceForEmotionClassification, features: Tensor, tmp_path: Path
) -> None:
    model.save_pretrained(tmp_path)
    VoiceFeatureExtractor().save_pretrained(tmp_path)
    assert isinstance(AutoConfig.from_pretrained(tmp_path), VoiceConfig)
    again = AutoModelForAudioClassification.from_pretrained(tmp_path).eval()
    torch.testing.assert_close(again(features).logits, model(features).logits)
    assert again.config.id2label[0] == "anger" and again.config.sentiments[2] == "positive"
    extractor = AutoFeatureExtractor.from_pretrained(tmp_path)
    assert extractor.channels == VoiceFeatureExtractor().channels
