"""One modality alone as a sentiment model."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import (
    ASTForAudioClassification,
    AutoFeatureExtractor,
    AutoModelForAudioClassification,
    AutoModelForSequenceClassification,
    AutoTokenizer,
)

from mm_demo.attention.methods import METHODS
from mm_demo.errors import UserError
from mm_demo.models.speech.bert import BertTextEncoder
from mm_demo.models.speech.family import SentimentModel
from mm_demo.models.speech.spectrogram import SpectrogramEncoder
from mm_demo.models.speech.unimodal import UnimodalSentiment
from mm_demo.models.speech.waveform import WaveformEncoder
from tests.models.speech_checkpoints import (
    INFO,
    POSITIONS,
    SENTIMENT,
    save_spectrogram,
    save_text,
    save_waveform,
    sound,
)

SOUND = sound(0.3)
TEXT = "I love this day"


@pytest.fixture(scope="module")
def voice_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_waveform("hubert", tmp_path_factory.mktemp("hubert"))


@pytest.fixture(scope="module")
def voice(voice_folder: Path) -> SentimentModel:
    model = AutoModelForAudioClassification.from_pretrained(voice_folder).eval().requires_grad_(False)
    return UnimodalSentiment(WaveformEncoder(model, AutoFeatureExtractor.from_pretrained(voice_folder)), INFO)


@pytest.fixture(scope="module")
def words(tmp_path_factory: pytest.TempPathFactory) -> SentimentModel:
    folder = save_text("bert", tmp_path_factory.mktemp("bert"))
    model = AutoModelForSequenceClassification.from_pretrained(folder).eval().requires_grad_(False)
    return UnimodalSentiment(BertTextEncoder(model, AutoTokenizer.from_pretrained(folder)), INFO)


def test_the_voice_is_judged_by_its_emotions(voice: SentimentModel, voice_folder: Path) -> None:
    judged = voice.judge(SOUND, None)
    inputs = AutoFeatureExtractor.from_pretrained(voice_folder)(SOUND, sampling_rate=16_000, return_tensors="pt")
    with torch.no_grad():
        logits = AutoModelForAudioClassification.from_pretrained(voice_folder).eval()(**inputs).logits[0]
    neutral, happy, angry, sad = logits.softmax(-1).tolist()
    expected = {"negative": angry + sad, "neutral": neutral, "positive": happy}
    assert list(judged.opinions) == ["audio"]
    assert judged.opinions["audio"].probabilities == pytest.approx(expected, abs=1e-5)
    assert judged.opinions["audio"].weights == judged.shares == {"audio": 1.0, "text": 0.0}
    assert judged.opinions["audio"].own_weights
    assert judged.unimodal == {"audio": judged.opinions["audio"].probabilities}
    assert dict(judged.emotions) == pytest.approx({"neu": neutral, "hap": happy, "ang": angry, "sad": sad}, abs=1e-5)
    assert [p for _, p in judged.emotions] == sorted((p for _, p in judged.emotions), reverse=True)


def test_words_have_no_emotions_of_a_voice(words: SentimentModel) -> None:
    judged = words.judge(None, TEXT)
    assert judged.emotions == []
    assert tuple(judged.unimodal["text"]) == SENTIMENT
    assert sum(judged.unimodal["text"].values()) == pytest.approx(1.0, abs=1e-5)
    assert judged.familiarity == {"text": 1.0}


def test_the_other_modality_changes_nothing(voice: SentimentModel, words: SentimentModel) -> None:
    assert voice.judge(SOUND, TEXT).opinions == voice.judge(SOUND, None).opinions
    assert words.judge(SOUND, TEXT).opinions == words.judge(None, TEXT).opinions


def test_the_trace_explains_the_log_odds_of_the_answer(words: SentimentModel) -> None:
    judged = words.judge(None, TEXT)
    (given,) = judged.trace.inputs
    assert isinstance(words, UnimodalSentiment)
    encoded = words._encoder.encode(TEXT)  # type: ignore[arg-type]
    chances = encoded.sentiment[0].double().softmax(-1)
    likeliest = chances.max()
    odds = likeliest.log() - (1 - likeliest).log()
    assert encoded.leaf is not None
    leaf, *weights = torch.autograd.grad(odds, [encoded.leaf, *(w for _, w in encoded.taken)])
    torch.testing.assert_close(given.products[:, 0], (leaf * encoded.leaf).sum(-1)[0].detach(), atol=1e-5, rtol=1e-3)
    for record, gradient in zip(judged.trace.records, weights, strict=True):
        assert record.gradient is not None
        torch.testing.assert_close(record.gradient, gradient[0], atol=1e-5, rtol=1e-3)


@pytest.mark.parametrize("method", METHODS)
def test_every_method_explains_both_kinds(method: str, voice: SentimentModel, words: SentimentModel) -> None:
    for judged in (voice.judge(SOUND, None), words.judge(None, TEXT)):
        ((modality, reading),) = judged.readings.items()
        found = METHODS[method].rows(judged.trace, reading.query, reading.elements)[modality]
        assert found.shape[1] == len(judged.trace.segments[modality])
        assert bool(torch.isfinite(found).all())
        assert float(found.abs().max()) > 0


def test_what_a_model_cannot_take_is_one_sentence(voice: SentimentModel, words: SentimentModel) -> None:
    with pytest.raises(UserError, match="hears only the voice: record or upload speech"):
        voice.judge(None, TEXT)
    with pytest.raises(UserError, match="reads only the words: type what was said"):
        words.judge(SOUND, None)
    with pytest.raises(UserError, match="leave the strategy 'late' out"):
        words.judge(None, TEXT, strategy="late")


def test_a_cut_is_passed_on(words: SentimentModel) -> None:
    assert words.judge(None, "day " * POSITIONS).cut == ("text",)
    assert words.judge(None, TEXT).cut == ()


def test_it_works_where_the_caller_needs_no_gradient(voice: SentimentModel) -> None:
    with torch.inference_mode():
        judged = voice.judge(SOUND, None)
    assert float(judged.trace.inputs[0].products.abs().max()) > 0


def test_half_precision_says_nearly_the_same(voice_folder: Path, tmp_path: Path, voice: SentimentModel) -> None:
    model = AutoModelForAudioClassification.from_pretrained(voice_folder).bfloat16().eval().requires_grad_(False)
    half = UnimodalSentiment(WaveformEncoder(model, AutoFeatureExtractor.from_pretrained(voice_folder)), INFO)
    expected, found = voice.judge(SOUND, None), half.judge(SOUND, None)
    assert found.unimodal["audio"] == pytest.approx(expected.unimodal["audio"], abs=0.05)
    folder = save_spectrogram(tmp_path)
    heard = ASTForAudioClassification.from_pretrained(folder).bfloat16().eval().requires_grad_(False)
    patches = UnimodalSentiment(SpectrogramEncoder(heard, AutoFeatureExtractor.from_pretrained(folder)), INFO)
    for judged in (found, patches.judge(SOUND, None)):
        tensors = [judged.trace.inputs[0].products, *(r.weights for r in judged.trace.records)]
        assert {tensor.dtype for tensor in tensors} == {torch.float32}
        assert all(bool(torch.isfinite(tensor).all()) for tensor in tensors)


def test_threads_get_their_own_answers(voice: SentimentModel) -> None:
    sounds = [sound(0.1 + 0.05 * i, seed=i) for i in range(5)]

    def judge(given: np.ndarray) -> list[float]:
        judged = voice.judge(given, None)
        return [*judged.unimodal["audio"].values(), *judged.trace.inputs[0].products[:, 0].tolist()]

    alone = [judge(each) for each in sounds]
    with ThreadPoolExecutor(len(sounds)) as pool:
        for found, expected in zip(pool.map(judge, sounds), alone, strict=True):
            assert found == pytest.approx(expected, abs=1e-4)
