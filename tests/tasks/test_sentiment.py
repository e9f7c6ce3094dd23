"""The sentiment task on a tiny random fusion: what is given, what is heard, what is shown."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import mm_demo
from mm_demo.attention.methods import METHODS
from mm_demo.errors import UserError
from mm_demo.models.speech.family import SENTIMENTS
from mm_demo.tasks import sentiment as module
from mm_demo.tasks.remarks import disagree, remark
from mm_demo.tasks.sentiment import SentimentTask
from mm_demo.tasks.sound import Sound
from tests.speech import make_text, make_tokenizer, save_fusion, tone

TEXT = "I am so happy, zqx"


class Hearing:
    """Stands for speech to text."""

    name = "a test"

    def __init__(self, words: str) -> None:
        self.words = words

    def transcribe(self, samples: np.ndarray) -> str:
        return self.words


@pytest.fixture(scope="module")
def task(tmp_path_factory: pytest.TempPathFactory) -> SentimentTask:
    return mm_demo.load("sentiment", str(save_fusion(tmp_path_factory.mktemp("fusion"))), "cpu")


@pytest.fixture(scope="module")
def sound() -> Sound:
    return Sound(tone(1.0), 1.0)


def test_voice_and_words(task: SentimentTask, sound: Sound) -> None:
    result = task(sound, TEXT)
    assert result.answer == result.candidates[0][0]
    assert {name for name, _ in result.candidates} == set(SENTIMENTS)
    assert sum(p for _, p in result.candidates) == pytest.approx(1)
    for shares in (result.modality_weights, result.modality_shares):
        assert set(shares) == {"audio", "text"}
        assert sum(shares.values()) == pytest.approx(1)
    assert result.transcript == TEXT
    assert (result.transcribed, result.transcriber) == (False, None)
    assert [t.token for t in result.text_tokens] == ["I", "am", "so", "happy", ",", "zqx"]
    assert max(abs(t.relevance) for t in result.text_tokens) == pytest.approx(1)
    assert all(TEXT[t.start : t.end] == t.token for t in result.text_tokens)
    assert [t.known for t in result.text_tokens] == [True, True, True, True, False, False]
    assert result.audio_map is not None
    assert result.audio_map.relevance.sum() == pytest.approx(1)
    assert result.audio_map.times.shape == (len(result.audio_map.relevance), 2)
    assert result.audio_map.times[-1, 1] == pytest.approx(1.0, abs=0.05)
    assert result.band_map is not None
    assert result.band_map.relevance.shape == (40, len(result.band_map.times))
    assert np.abs(result.band_map.relevance).max() == pytest.approx(1)
    assert result.acoustics is not None
    assert result.acoustics.seconds == pytest.approx(1.0)
    assert [o.name for o in result.strategies] == [s.name for s in task.strategies]
    assert result.remark


def test_the_json_is_the_contracts(task: SentimentTask, sound: Sound) -> None:
    data = json.loads(json.dumps(task(sound, TEXT).to_json(), allow_nan=False))
    contract = (
        "sentiment candidates transcript modality_weights modality_shares unimodal conflict text_tokens audio_map"
    )
    assert set(contract.split()) <= set(data)
    assert set(data["unimodal"]) == {"audio", "text"}
    assert len(data["audio_map"]["times"]) == len(data["audio_map"]["relevance"])


def test_the_voices_attention_is_what_is_drawn(task: SentimentTask, sound: Sound) -> None:
    result = task(sound, TEXT, method="raw")
    (record,) = result.trace.select("cross", "voice", "audio")
    assert result.audio_map is not None
    np.testing.assert_allclose(result.audio_map.relevance, record.weights[:, 0].mean(0).numpy(), rtol=1e-4)
    other = task(sound, TEXT)
    assert other.attention_map is not None
    assert other.method == task.methods[0].name != "raw"
    np.testing.assert_allclose(other.attention_map.relevance, result.audio_map.relevance)


def test_every_method_explains_the_same_answer(task: SentimentTask, sound: Sound) -> None:
    result = task(sound, TEXT)
    shown = {name: task.explain(result, name) for name in METHODS}
    assert {r.answer for r in shown.values()} == {result.answer}
    maps = [tuple(r.audio_map.relevance.round(6)) for r in shown.values() if r.audio_map is not None]
    assert len(set(maps)) >= 3
    assert any(t.relevance < 0 for t in shown["input_gradient"].text_tokens + shown["attention_gradient"].text_tokens)
    again = task(sound, TEXT, method="rollout")
    assert [t.relevance for t in again.text_tokens] == pytest.approx(
        [t.relevance for t in shown["rollout"].text_tokens]
    )
    with pytest.raises(UserError, match="no method 'guess'"):
        task(sound, TEXT, method="guess")
    with pytest.raises(UserError, match="no method 'guess'"):
        task.explain(result, "guess")


def test_only_words_and_only_a_voice(task: SentimentTask, sound: Sound) -> None:
    words = task(text=TEXT)
    assert words.modality_weights == {"audio": 0, "text": 1}
    assert (words.audio_map, words.acoustics, words.unimodal["audio"], words.emotions) == (None, None, None, [])
    voice = task(sound, "")
    assert voice.modality_weights == {"audio": 1, "text": 0}
    assert (voice.text_tokens, voice.transcript, voice.unimodal["text"], voice.remark) == ([], None, None, "")
    assert voice.emotions
    assert task(sound, transcribe=False).transcript is None
    with pytest.raises(UserError, match="nothing to judge"):
        task()
    with pytest.raises(UserError, match="nothing to judge"):
        task(text=" \n ")


def test_what_is_not_given_is_heard(task: SentimentTask, sound: Sound, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "open_transcriber", lambda: Hearing("it is terrible"))
    result = task(sound)
    assert (result.transcript, result.transcribed, result.transcriber) == ("it is terrible", True, "a test")
    assert task.transcribe(sound) == ("it is terrible", "a test")
    assert task(sound, "i am").transcript == "i am"

    monkeypatch.setattr(module, "open_transcriber", lambda: Hearing(" "))
    silent = task(sound)
    assert (silent.transcript, silent.transcribed) == (None, False)
    assert any("No words were understood" in note for note in silent.notes)

    def nothing() -> Hearing:
        raise UserError("Nothing here can write speech down.")

    monkeypatch.setattr(module, "open_transcriber", nothing)
    deaf = task(sound)
    assert deaf.modality_weights["audio"] == 1
    assert "Nothing here can write speech down." in deaf.notes


def test_notes_about_the_sound_and_long_words_are_kept(task: SentimentTask) -> None:
    noted = Sound(tone(0.5), 0.5, ("It is clipped.",))
    result = task(noted, "i am happy " * 40)
    assert "It is clipped." in result.notes
    assert any("only their beginning" in note for note in result.notes)
    assert max(t.end for t in result.text_tokens) < 300


def test_another_strategy_is_shown_first(task: SentimentTask, sound: Sound) -> None:
    result = task(sound, TEXT, strategy="late")
    assert result.strategy == "late"
    assert result.strategies[0].name == "late"
    assert result.strategies[0].probabilities == dict(result.candidates) | result.strategies[0].probabilities
    assert result.modality_weights == result.strategies[0].weights


def test_a_model_of_the_words_alone(tmp_path: Path, sound: Sound) -> None:
    make_text().save_pretrained(tmp_path)
    make_tokenizer().save_pretrained(tmp_path)
    alone = mm_demo.load("sentiment", str(tmp_path), "cpu")
    result = alone(text=TEXT)
    assert (result.strategy, result.strategies, alone.strategies) == (None, [], ())
    assert result.modality_weights == {"audio": 0, "text": 1}
    both = alone(sound, TEXT)
    assert any("reads only the words" in note for note in both.notes)
    assert both.audio_map is None
    with pytest.raises(UserError, match="type what was said"):
        alone(sound, "")


@pytest.mark.parametrize(
    ("voice", "words", "conflict", "begins"),
    [
        ((0.8, 0.1, 0.1), (0.1, 0.1, 0.8), True, "Voice and words disagree: the voice sounds negative (80 %)"),
        ((0.8, 0.1, 0.1), (0.7, 0.2, 0.1), False, "Voice and words agree: both are negative."),
        ((0.4, 0.3, 0.3), (0.1, 0.1, 0.8), False, "The voice is unclear; the words are positive (80 %)."),
        ((0.8, 0.1, 0.1), (0.3, 0.3, 0.4), False, "The words are unclear; the voice sounds negative (80 %)."),
        ((0.4, 0.3, 0.3), (0.3, 0.4, 0.3), False, "Neither the voice nor the words are clear."),
    ],
)
def test_remarks(voice: tuple[float, ...], words: tuple[float, ...], conflict: bool, begins: str) -> None:
    said = {"audio": dict(zip(SENTIMENTS, voice, strict=True)), "text": dict(zip(SENTIMENTS, words, strict=True))}
    sentence = remark(said, {"audio": 0.3, "text": 0.7})  # type: ignore[arg-type]
    assert sentence.startswith(begins)
    assert sentence.endswith("The words counted for 70 % of the answer.")
    assert disagree(said) == conflict  # type: ignore[arg-type]
    assert remark({"audio": said["audio"]}, {"audio": 1.0, "text": 0.0}) == ""
