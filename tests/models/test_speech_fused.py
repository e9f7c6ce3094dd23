"""The fused model against its parts run by hand: opinions, weights, shares, and the traced gradients."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import torch
from torch.nn.functional import softmax
from transformers import (
    AutoConfig,
    AutoFeatureExtractor,
    AutoModelForAudioClassification,
    AutoModelForSequenceClassification,
    AutoTokenizer,
)

from mm_demo.errors import UserError
from mm_demo.models.gradients import log_odds
from mm_demo.models.loading import open_model
from mm_demo.models.speech.family import SENTIMENTS, Judged
from mm_demo.models.speech.fused import FusedSentiment
from mm_demo.models.speech.fusion_model import SPEECH_STRATEGIES, SpeechFusionConfig, SpeechFusionModel
from mm_demo.models.voice import VoiceFeatureExtractor
from tests.models import speech_checkpoints as hub
from tests.speech import VOICE, make_fusion, make_tokenizer, save_fusion, tone

TEXT = "I am so happy"


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> FusedSentiment:
    opened = open_model("sentiment", str(save_fusion(tmp_path_factory.mktemp("fusion"))), "cpu")
    assert isinstance(opened, FusedSentiment)
    return opened


@pytest.fixture(scope="module")
def judged(model: FusedSentiment) -> Judged:
    return model.judge(tone(0.7), TEXT)


def by_hand(strategy: str, audio: bool = True, text: bool = True) -> tuple[torch.Tensor, torch.Tensor | None]:
    """Probabilities (3,) and weights (2,) from the classes themselves, without encoders, recorder or batch."""
    fusion = make_fusion()
    heard = fusion.audio(**VoiceFeatureExtractor(num_bands=VOICE["num_bands"])([tone(0.7)]))
    tokens = make_tokenizer()(TEXT, return_tensors="pt")
    body = fusion.text.bert(**tokens)
    own = softmax(fusion.text.classifier(body.pooler_output), -1).log()
    sequence = heard.hidden_states[-1]
    modalities = {
        "audio": fusion.modality(
            "audio", heard.pooled, sequence, torch.full(sequence.shape[:2], audio), heard.sentiment_logits
        ),
        "text": fusion.modality(
            "text", body.pooler_output, body.last_hidden_state, torch.full(body.last_hidden_state.shape[:2], text), own
        ),
    }
    out = fusion(strategy, modalities)
    return out.logits[0].softmax(-1), None if out.weights is None else out.weights[0]


@pytest.mark.parametrize("strategy", SPEECH_STRATEGIES)
def test_every_strategys_opinion(judged: Judged, strategy: str) -> None:
    probabilities, weights = by_hand(strategy)
    opinion = judged.opinions[strategy]
    assert list(opinion.probabilities) == list(SENTIMENTS)
    assert list(opinion.probabilities.values()) == pytest.approx(probabilities.tolist(), abs=1e-4)
    assert opinion.own_weights == (weights is not None)
    assert sum(opinion.weights.values()) == pytest.approx(1)
    if weights is not None:
        assert [opinion.weights["audio"], opinion.weights["text"]] == pytest.approx(weights.tolist(), abs=1e-4)


@pytest.mark.parametrize("strategy", SPEECH_STRATEGIES)
def test_shares_are_exact(model: FusedSentiment, strategy: str) -> None:
    best = int(by_hand(strategy)[0].argmax())
    worth = {(a, t): float(by_hand(strategy, a, t)[0][best]) for a in (False, True) for t in (False, True)}
    audio = (worth[True, False] - worth[False, False] + worth[True, True] - worth[False, True]) / 2
    text = (worth[False, True] - worth[False, False] + worth[True, True] - worth[True, False]) / 2
    found = model.judge(tone(0.7), TEXT, strategy)
    total = abs(audio) + abs(text)
    assert found.shares == pytest.approx({"audio": abs(audio) / total, "text": abs(text) / total}, abs=1e-3)
    if not found.opinions[strategy].own_weights:
        assert found.opinions[strategy].weights == pytest.approx(found.shares)


def test_the_weights_stand_in_the_trace_with_their_gradient(judged: Judged) -> None:
    trace = judged.trace
    records = {r.key: r for r in trace.records if r.query == "sentiment"}
    assert {key: float(r.weights) for key, r in records.items()} == pytest.approx(
        {"voice": judged.opinions["attention"].weights["audio"], "words": judged.opinions["attention"].weights["text"]}
    )
    assert all(r.gradient is not None and r.gradient.isfinite().all() for r in records.values())
    assert {s.modality for s in (trace.segments["voice"], trace.segments["words"])} == {"audio", "text"}
    assert {entry.segment for entry in trace.inputs} == {"audio", "text"}
    assert judged.readings["audio"].query == "voice"
    assert judged.readings["text"].query == "text"


def test_the_gradient_by_the_words_is_that_of_the_fused_answer(judged: Judged) -> None:
    fusion = make_fusion()
    heard = fusion.audio(**VoiceFeatureExtractor(num_bands=VOICE["num_bands"])([tone(0.7)]))
    ids = make_tokenizer()(TEXT, return_tensors="pt")["input_ids"]
    embedded = fusion.text.get_input_embeddings()(ids).requires_grad_()
    body = fusion.text.bert(inputs_embeds=embedded)
    own = fusion.text.classifier(body.pooler_output)
    sequence = heard.hidden_states[-1]
    every = torch.ones
    given = {
        "audio": fusion.modality(
            "audio", heard.pooled, sequence, every(sequence.shape[:2]).bool(), heard.sentiment_logits
        ),
        "text": fusion.modality(
            "text", body.pooler_output, body.last_hidden_state, every(body.last_hidden_state.shape[:2]).bool(), own
        ),
    }
    logits = fusion("attention", given).logits[0]
    (gradient,) = torch.autograd.grad(log_odds(logits, int(logits.argmax())), [embedded])
    found = next(entry for entry in judged.trace.inputs if entry.segment == "text")
    torch.testing.assert_close(found.products[:, 0], (gradient * embedded)[0].sum(-1).detach(), rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("given", ["audio", "text"])
def test_one_alone_has_all_the_weight(model: FusedSentiment, given: str) -> None:
    judged = model.judge(tone(0.7) if given == "audio" else None, TEXT if given == "text" else None)
    assert list(judged.unimodal) == [given]
    assert judged.shares[given] == 1  # type: ignore[index]
    for name, opinion in judged.opinions.items():
        assert opinion.weights[given] == pytest.approx(1), name  # type: ignore[index]
        expected, _ = by_hand(name, audio=given == "audio", text=given == "text")
        assert list(opinion.probabilities.values()) == pytest.approx(expected.tolist(), abs=1e-4)
    assert bool(judged.emotions) == (given == "audio")


def test_nothing_and_an_unknown_strategy_are_one_sentence(model: FusedSentiment) -> None:
    with pytest.raises(UserError, match="nothing to judge"):
        model.judge(None, None)
    with pytest.raises(UserError, match="no fusion strategy 'magic'; choose one of: attention"):
        model.judge(None, TEXT, "magic")


def test_several_people_at_once_get_their_own(model: FusedSentiment) -> None:
    inputs = [(tone(0.4 + 0.1 * i, seed=i), ["i am", "terrible day", "a meeting", "wonderful !"][i]) for i in range(4)]
    alone = [model.judge(sound, text) for sound, text in inputs]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda given: model.judge(*given), inputs * 3))
    for i, found in enumerate(together):
        expected = alone[i % 4]
        assert found.opinions["attention"].probabilities == pytest.approx(expected.opinions["attention"].probabilities)
        assert [r.weights.shape for r in found.trace.records] == [r.weights.shape for r in expected.trace.records]
        for mine, theirs in zip(found.trace.records, expected.trace.records, strict=True):
            torch.testing.assert_close(mine.weights, theirs.weights)


def test_half_precision_on_disk_opens_as_float(tmp_path: Path) -> None:
    folder = save_fusion(tmp_path)
    make_fusion().half().save_pretrained(folder)
    opened = open_model("sentiment", str(folder), "cpu")
    assert opened.info.dtype == "float32"
    assert isinstance(opened, FusedSentiment)
    assert opened.judge(tone(0.3), TEXT).opinions


@pytest.mark.parametrize(("voice", "words"), [("hubert", "roberta"), ("wavlm", "distilbert"), ("ast", "bert")])
def test_any_two_encoders_can_be_fused(tmp_path: Path, voice: str, words: str) -> None:
    heard = hub.save_spectrogram(tmp_path / "v") if voice == "ast" else hub.save_waveform(voice, tmp_path / "v")
    read = hub.save_text(words, tmp_path / "w")
    audio, text = AutoConfig.from_pretrained(heard), AutoConfig.from_pretrained(read)
    torch.manual_seed(0)
    pooled = 32 if voice == "ast" else 24
    fusion = SpeechFusionModel(SpeechFusionConfig(audio, text, (pooled, 32), (32, 32), width=8))
    fusion.audio = AutoModelForAudioClassification.from_pretrained(heard)
    fusion.text = AutoModelForSequenceClassification.from_pretrained(read)
    fusion.save_pretrained(tmp_path / "fused")
    AutoFeatureExtractor.from_pretrained(heard).save_pretrained(tmp_path / "fused")
    AutoTokenizer.from_pretrained(read).save_pretrained(tmp_path / "fused")

    sound = hub.sound(1.0)
    judged = open_model("sentiment", str(tmp_path / "fused"), "cpu").judge(sound, "i love this day")  # type: ignore[union-attr]
    for opinion in judged.opinions.values():
        assert sum(opinion.probabilities.values()) == pytest.approx(1, abs=1e-5)
    alone = open_model("sentiment", str(heard), "cpu").judge(sound, None)  # type: ignore[union-attr]
    assert judged.unimodal["audio"] == pytest.approx(alone.unimodal["audio"], abs=1e-4)
    assert {s.modality for s in judged.trace.segments.values()} == {"audio", "text"}
    assert {r.query for r in judged.trace.records} >= {"audio", "text", "sentiment"}
    assert all(r.gradient is not None and r.gradient.any() for r in judged.trace.records if r.query == "text")
