"""The audio spectrogram transformer: what eager attention computes, over patches of time and frequency."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import numpy as np
import pytest
import torch
from transformers import ASTFeatureExtractor, ASTForAudioClassification
from transformers.audio_utils import mel_filter_bank

from mm_demo.attention.trace import AudioLayout, Segment
from mm_demo.errors import UserError
from mm_demo.models.speech.encoders import Encoded
from mm_demo.models.speech.spectrogram import SpectrogramEncoder, band_centres
from tests.models.speech_checkpoints import assert_same_records, records_of, save_spectrogram, sound

# 64 frames × 32 bands in patches of 8 × 8: five rows (stride 5) of ten patches (stride 6).
ROWS, COLS, PATCH = 5, 10, 8
SOUND = sound(0.31)
FRAMES = (len(SOUND) - 400) // 160 + 1


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_spectrogram(tmp_path_factory.mktemp("ast"))


@pytest.fixture(scope="module")
def encoder(folder: Path) -> SpectrogramEncoder:
    model = ASTForAudioClassification.from_pretrained(folder).eval().requires_grad_(False)
    return SpectrogramEncoder(model, ASTFeatureExtractor.from_pretrained(folder))


@pytest.fixture(scope="module")
def plain(folder: Path) -> ASTForAudioClassification:
    return ASTForAudioClassification.from_pretrained(folder, attn_implementation="eager").eval()


def _layout(segment: Segment) -> AudioLayout:
    assert isinstance(segment.layout, AudioLayout)
    return segment.layout


def _contributions(encoded: Encoded, gradient: torch.Tensor) -> torch.Tensor:
    assert encoded.contribution is not None
    return encoded.contribution(gradient).products


def test_everything_equals_the_plain_eager_model(
    encoder: SpectrogramEncoder, plain: ASTForAudioClassification, folder: Path
) -> None:
    encoded = encoder.encode(SOUND)
    inputs = ASTFeatureExtractor.from_pretrained(folder)(SOUND, sampling_rate=16_000, return_tensors="pt")
    output = plain(**inputs, output_attentions=True)
    torch.testing.assert_close(encoded.labels, output.logits, atol=1e-5, rtol=0)
    torch.testing.assert_close(plain.classifier(encoded.pooled), output.logits, atol=1e-5, rtol=0)
    torch.testing.assert_close(encoded.states[:, :2].mean(1), encoded.pooled, atol=1e-5, rtol=0)
    expected = torch.autograd.grad(output.logits[0, 0], output.attentions)
    assert_same_records(records_of(encoded, encoded.labels[0, 0]), output.attentions, expected)


def test_patches_of_one_column_share_a_stretch(encoder: SpectrogramEncoder) -> None:
    segment = encoder.encode(SOUND).segments["audio"]
    times = _layout(segment).times
    assert segment.leading == 2
    assert len(segment) == 2 + ROWS * COLS == 2 + len(times)
    assert times[:COLS] * ROWS == times
    assert times[0][0] == 0.0
    assert max(end for _, end in times) == len(SOUND) / 16_000
    assert all(before[1] == after[0] for before, after in zip(times[: COLS - 1], times[1:COLS], strict=True))
    # Patches wholly in the filling are empty; the middle of every other lies in its stretch.
    for column, (start, end) in enumerate(times[:COLS]):
        middle = (column * 6 * 160 + (7 * 160 + 400) / 2) / 16_000
        assert start < middle < end or middle > len(SOUND) / 16_000 - 6 * 160 / 16_000
    assert times[COLS - 1] == (len(SOUND) / 16_000,) * 2


def test_contributions_equal_a_loop_over_patches(encoder: SpectrogramEncoder) -> None:
    encoded = encoder.encode(SOUND)
    assert encoded.leaf is not None
    (gradient,) = torch.autograd.grad(encoded.labels[0, 0], [encoded.leaf])
    found = _contributions(encoded, gradient)
    silence = encoder.encode(np.zeros(400, np.float32)).leaf
    assert silence is not None
    cells = (gradient * (encoded.leaf.detach() - silence.detach()[:, :1]))[0]
    cells[FRAMES:] = 0
    cover = torch.zeros_like(cells)
    corners = [(row * 5, column * 6) for row in range(ROWS) for column in range(COLS)]
    for low, first in corners:
        cover[first : first + PATCH, low : low + PATCH] += 1
    expected = torch.zeros(2 + ROWS * COLS, 32)
    for i, (low, first) in enumerate(corners):
        square = (slice(first, first + PATCH), slice(low, low + PATCH))
        expected[2 + i, square[1]] = (cells[square] / cover[square]).sum(0)
    assert float(expected.abs().max()) > 1e-3
    torch.testing.assert_close(found, expected, atol=1e-6, rtol=1e-4)
    assert float(found.sum()) == pytest.approx(float(cells.sum()), abs=1e-4)


def test_the_gradient_is_a_finite_difference(encoder: SpectrogramEncoder, folder: Path) -> None:
    encoded = encoder.encode(SOUND)
    assert encoded.leaf is not None
    (gradient,) = torch.autograd.grad(encoded.labels[0, 0], [encoded.leaf])
    values = encoded.leaf.detach().double()
    # Eager attention would round to single precision on the way.
    sharp = ASTForAudioClassification.from_pretrained(folder, attn_implementation="sdpa").double().eval()
    step = torch.zeros_like(values)
    step[0, 3, 11] = 1e-4
    with torch.no_grad():
        change = sharp(values + step).logits[0, 0] - sharp(values - step).logits[0, 0]
    assert float(gradient[0, 3, 11]) == pytest.approx(float(change) / 2e-4, rel=1e-2, abs=1e-5)


def test_bands_are_named_by_their_filters_peaks(encoder: SpectrogramEncoder) -> None:
    filters = mel_filter_bank(
        num_frequency_bins=4097, num_mel_filters=32, min_frequency=20, max_frequency=8000, sampling_rate=16_000,
        norm=None, mel_scale="kaldi", triangularize_in_mel_space=True,
    )  # fmt: skip
    peaks = filters.argmax(0) * 8000 / 4096
    assert band_centres(32) == pytest.approx(peaks, abs=2.5)
    encoded = encoder.encode(SOUND)
    assert encoded.leaf is not None
    assert encoded.contribution is not None
    assert encoded.contribution(torch.ones_like(encoded.leaf)).channels[0] == f"{band_centres(32)[0]:.0f} Hz"


@pytest.mark.parametrize("samples", [0, 1, 399, 400])
def test_a_sound_of_a_few_samples_is_filled_with_silence(samples: int, encoder: SpectrogramEncoder) -> None:
    encoded = encoder.encode(SOUND[:samples])
    assert bool(torch.isfinite(encoded.sentiment).all())
    assert not encoded.cut
    assert max(end for _, end in _layout(encoded.segments["audio"]).times) == samples / 16_000


def test_a_sound_longer_than_the_spectrogram_is_cut(encoder: SpectrogramEncoder) -> None:
    long = sound(5.0)
    encoded = encoder.encode(long)
    assert encoded.cut
    assert _layout(encoded.segments["audio"]).times[-1][1] == pytest.approx((63 * 160 + 400) / 16_000)
    kept = encoder.encode(long[: 63 * 160 + 400])
    assert not kept.cut
    torch.testing.assert_close(kept.labels, encoded.labels)


def test_threads_get_their_own_traces(encoder: SpectrogramEncoder) -> None:
    sounds = [sound(0.1 + 0.1 * i, seed=i) for i in range(5)]
    alone = [encoder.encode(each) for each in sounds]
    together = Barrier(len(sounds))

    def run(given: np.ndarray) -> Encoded:
        together.wait()
        return encoder.encode(given)

    with ThreadPoolExecutor(len(sounds)) as pool:
        for found, expected in zip(pool.map(run, sounds), alone, strict=True):
            for (_, weights), (_, lone) in zip(found.taken, expected.taken, strict=True):
                torch.testing.assert_close(weights, lone, atol=1e-6, rtol=0)


def test_a_processor_of_another_model_is_one_sentence(plain: ASTForAudioClassification) -> None:
    with pytest.raises(UserError, match="64 × 32 at 16000 are needed"):
        SpectrogramEncoder(plain, ASTFeatureExtractor(num_mel_bins=128))
