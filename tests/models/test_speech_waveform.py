"""Classifiers of the waveform: what eager attention computes, over stretches that cover the sound."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import numpy as np
import pytest
import torch
from torch import Tensor
from transformers import (
    AutoFeatureExtractor,
    AutoModelForAudioClassification,
    PreTrainedModel,
    Wav2Vec2FeatureExtractor,
    WavLMForSequenceClassification,
)

from mm_demo.attention.trace import AudioLayout
from mm_demo.errors import UserError
from mm_demo.models.speech import waveform
from mm_demo.models.speech.encoders import Encoded
from mm_demo.models.speech.waveform import WaveformEncoder
from mm_demo.models.speech.wavlm import show_heads
from tests.models.speech_checkpoints import assert_same_records, records_of, save_waveform, sound

# Checkpoints that people use have both kinds of normalisation and of encoder, and some weigh all layers.
STABLE = {"feat_extract_norm": "layer", "do_stable_layer_norm": True, "use_weighted_layer_sum": True}
VARIANTS = {
    "wav2vec2": ("wav2vec2", {}),
    "wav2vec2-large": ("wav2vec2", STABLE),
    "hubert": ("hubert", {"use_weighted_layer_sum": True}),
    "wavlm": ("wavlm", {}),
    "wavlm-large": ("wavlm", STABLE),
}
SOUND = sound(0.31)


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return {
        variant: save_waveform(name, tmp_path_factory.mktemp(variant), **settings)
        for variant, (name, settings) in VARIANTS.items()
    }


@pytest.fixture(scope="module")
def encoders(folders: dict[str, Path]) -> dict[str, WaveformEncoder]:
    return {variant: _open(folder) for variant, folder in folders.items()}


def _open(folder: Path) -> WaveformEncoder:
    model = AutoModelForAudioClassification.from_pretrained(folder).eval().requires_grad_(False)
    return WaveformEncoder(model, AutoFeatureExtractor.from_pretrained(folder))


def _plain(folder: Path) -> PreTrainedModel:
    return AutoModelForAudioClassification.from_pretrained(folder, attn_implementation="eager").eval()


def _times(encoded: Encoded) -> tuple[tuple[float, float], ...]:
    layout = encoded.segments["audio"].layout
    assert isinstance(layout, AudioLayout)
    return layout.times


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_answer_is_the_plain_models(
    variant: str, encoders: dict[str, WaveformEncoder], folders: dict[str, Path]
) -> None:
    encoded = encoders[variant].encode(SOUND)
    plain = _plain(folders[variant])
    inputs = AutoFeatureExtractor.from_pretrained(folders[variant])(SOUND, sampling_rate=16_000, return_tensors="pt")
    with torch.no_grad():
        torch.testing.assert_close(encoded.labels.detach(), plain(**inputs).logits, atol=1e-5, rtol=0)
        torch.testing.assert_close(plain.classifier(encoded.pooled), encoded.labels.detach(), atol=1e-5, rtol=0)
        pooled = plain.projector(encoded.states).mean(1)
        torch.testing.assert_close(pooled, encoded.pooled.detach(), atol=1e-5, rtol=0)


@pytest.mark.parametrize("variant", ["wav2vec2", "wav2vec2-large", "hubert"])
def test_the_records_equal_eager_attention(
    variant: str, encoders: dict[str, WaveformEncoder], folders: dict[str, Path]
) -> None:
    encoded = encoders[variant].encode(SOUND)
    inputs = AutoFeatureExtractor.from_pretrained(folders[variant])(SOUND, sampling_rate=16_000, return_tensors="pt")
    output = _plain(folders[variant])(**inputs, output_attentions=True)
    expected = torch.autograd.grad(output.logits[0, 0], output.attentions)
    assert_same_records(records_of(encoded, encoded.labels[0, 0]), output.attentions, expected)


@pytest.mark.parametrize("variant", ["wavlm", "wavlm-large"])
def test_the_mean_of_wavlms_heads_is_what_the_library_gives(
    variant: str, encoders: dict[str, WaveformEncoder], folders: dict[str, Path]
) -> None:
    encoded = encoders[variant].encode(SOUND)
    inputs = AutoFeatureExtractor.from_pretrained(folders[variant])(SOUND, sampling_rate=16_000, return_tensors="pt")
    with torch.no_grad():
        means = _plain(folders[variant])(**inputs, output_attentions=True).attentions
    records = records_of(encoded, encoded.labels[0, 0])
    for record, mean in zip(records, means, strict=True):
        assert record.gradient is not None
        assert float(record.gradient.abs().max()) > 0
        assert float(record.weights.std(0).max()) > 1e-4
        torch.testing.assert_close(record.weights.mean(0), mean[0, 0], atol=1e-5, rtol=0)


def test_wavlm_with_padding_equals_the_library(folders: dict[str, Path]) -> None:
    plain, mine = (_plain(folders["wavlm"]) for _ in range(2))
    assert isinstance(mine, WavLMForSequenceClassification)
    show_heads(mine)
    values = torch.from_numpy(np.stack([SOUND, SOUND[::-1].copy()]))
    mask = torch.ones(2, values.shape[1], dtype=torch.long)
    mask[1, 3000:] = 0
    with torch.no_grad():
        expected = plain(values, attention_mask=mask, output_attentions=True)
        found = mine(values, attention_mask=mask, output_attentions=True)
    torch.testing.assert_close(found.logits, expected.logits, atol=1e-5, rtol=0)
    for heads, mean in zip(found.attentions, expected.attentions, strict=True):
        torch.testing.assert_close(heads.mean(1), mean[:, 0], atol=1e-5, rtol=0)
    assert float(found.attentions[0][1, :, :, 9:].abs().max()) == 0.0


def test_wavlms_gradient_is_that_of_the_weights(folders: dict[str, Path]) -> None:
    model = _plain(folders["wavlm"])
    show_heads(model)
    module = model.wavlm.encoder.layers[0].attention
    output, weights, _ = module(torch.randn(1, 5, 32, generator=torch.Generator().manual_seed(1)))
    (gradient,) = torch.autograd.grad(output[0, 2].sum(), [weights])
    # The output is linear in the weights: what position 2 reads from key k through head h is v[k, h] W_out.
    value = module.v_proj(torch.randn(1, 5, 32, generator=torch.Generator().manual_seed(1))).view(5, 4, 8)
    read = module.out_proj.weight.sum(0).view(4, 8)
    torch.testing.assert_close(gradient[0, :, 2], torch.einsum("khd,hd->hk", value, read), atol=1e-5, rtol=0)
    assert float(gradient[0, :, :2].abs().max()) == 0.0


@pytest.mark.parametrize("variant", VARIANTS)
def test_contributions_are_what_fading_to_silence_changes(
    variant: str, encoders: dict[str, WaveformEncoder], folders: dict[str, Path]
) -> None:
    encoded = encoders[variant].encode(SOUND)
    assert encoded.leaf is not None
    assert encoded.contribution is not None
    (gradient,) = torch.autograd.grad(encoded.labels[0, 0], [encoded.leaf])
    given = encoded.contribution(gradient)
    assert given.products.shape == (len(encoded.segments["audio"]), 1)
    plain = _plain(folders[variant]).double()
    silence = _entering(plain, torch.zeros(1, 400).double())
    frames = encoded.leaf.detach().double()
    for i in (0, 7):
        changed = []
        for step in (-1e-4, 1e-4):
            faded = frames.clone()
            faded[:, i] += step * (faded[:, i] - silence[:, 0])
            changed.append(_from_frames(plain, faded))
        assert float(given.products[i, 0]) == pytest.approx((changed[1] - changed[0]) / 2e-4, abs=2e-4)


def _entering(plain: PreTrainedModel, values: Tensor) -> Tensor:
    base = plain.base_model
    with torch.no_grad():
        output = base.feature_projection(base.feature_extractor(values).transpose(1, 2))
    return output[0] if isinstance(output, tuple) else output


def _from_frames(plain: PreTrainedModel, frames: Tensor) -> float:
    def replace(_module: object, _inputs: object, output: object) -> object:
        return (frames, output[1]) if isinstance(output, tuple) else frames

    handle = plain.base_model.feature_projection.register_forward_hook(replace)
    with torch.no_grad():
        logits = plain(torch.zeros(1, len(SOUND)).double()).logits
    handle.remove()
    return float(logits[0, 0])


def test_each_frame_lies_where_it_listens(encoders: dict[str, WaveformEncoder], folders: dict[str, Path]) -> None:
    times = _times(encoders["wav2vec2-large"].encode(SOUND))
    assert times[0][0] == 0.0
    assert times[-1][1] == pytest.approx(len(SOUND) / 16_000)
    assert all(before[1] == after[0] for before, after in zip(times[:-1], times[1:], strict=True))
    # Layer normalisation sees one frame at a time, so which samples a frame listens to can be read off its gradient.
    values = torch.from_numpy(SOUND)[None].requires_grad_()
    heard = _plain(folders["wav2vec2-large"]).base_model.feature_extractor(values)
    assert len(times) == heard.shape[-1]
    for i, (start, end) in enumerate(times):
        (gradient,) = torch.autograd.grad(heard[0, :, i].square().sum(), [values], retain_graph=True)
        seen = gradient[0].nonzero().flatten() / 16_000
        assert start < float(seen.min() + seen.max()) / 2 < end


@pytest.mark.parametrize("variant", ["wav2vec2", "wavlm-large"])
@pytest.mark.parametrize("samples", [0, 1, 100, 400])
def test_a_sound_of_a_few_samples_is_filled_with_silence(
    variant: str, samples: int, encoders: dict[str, WaveformEncoder]
) -> None:
    encoded = encoders[variant].encode(SOUND[:samples])
    assert bool(torch.isfinite(encoded.sentiment).all())
    assert _times(encoded) == ((0.0, samples / 16_000),)
    assert not encoded.cut


def test_silence_has_an_answer_and_no_contribution(encoders: dict[str, WaveformEncoder]) -> None:
    encoded = encoders["hubert"].encode(np.zeros(4000, np.float32))
    assert encoded.leaf is not None
    assert encoded.contribution is not None
    assert bool(torch.isfinite(encoded.sentiment).all())
    assert float(encoded.contribution(torch.ones_like(encoded.leaf)).products.abs().max()) < 1e-4


def test_a_long_sound_is_cut_to_the_memory_it_may_take(
    folders: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    # Two layers of four heads: 8 × 12 bytes a pair of frames, so ten frames.
    monkeypatch.setattr(waveform, "_BUDGET", 8 * 12 * 100)
    encoder = _open(folders["wav2vec2"])
    encoded = encoder.encode(SOUND)
    assert encoded.cut
    assert len(encoded.segments["audio"]) == 10
    assert _times(encoded)[-1][1] == pytest.approx((9 * 320 + 400) / 16_000)
    torch.testing.assert_close(encoder.encode(SOUND[: 9 * 320 + 400]).labels, encoded.labels)
    assert not encoder.encode(SOUND[: 9 * 320 + 400]).cut


@pytest.mark.parametrize("variant", ["hubert", "wavlm"])
def test_threads_get_their_own_traces(variant: str, encoders: dict[str, WaveformEncoder]) -> None:
    sounds = [sound(0.1 + 0.03 * i, seed=i) for i in range(6)]
    alone = [encoders[variant].encode(each) for each in sounds]
    together = Barrier(len(sounds))

    def run(given: np.ndarray) -> Encoded:
        together.wait()
        return encoders[variant].encode(given)

    with ThreadPoolExecutor(len(sounds)) as pool:
        for found, expected in zip(pool.map(run, sounds), alone, strict=True):
            torch.testing.assert_close(found.pooled, expected.pooled, atol=1e-6, rtol=0)
            for (_, weights), (_, lone) in zip(found.taken, expected.taken, strict=True):
                torch.testing.assert_close(weights, lone, atol=1e-6, rtol=0)


def test_another_sampling_rate_is_one_sentence(folders: dict[str, Path]) -> None:
    with pytest.raises(UserError, match="hears 8000 samples a second"):
        WaveformEncoder(_plain(folders["hubert"]), Wav2Vec2FeatureExtractor(sampling_rate=8000))
