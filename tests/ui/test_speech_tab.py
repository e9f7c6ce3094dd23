"""The speech tab's handlers over the stand-in task, without a browser."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np
import pytest
import soundfile

from mm_demo.ui.examples.speech import speech_examples
from mm_demo.ui.models import Models
from mm_demo.ui.pickers import DEFAULT
from mm_demo.ui.speech.source import Heard
from mm_demo.ui.speech.tab import SpeechTab
from mm_demo.ui.speech.view import counted_most, sound_content
from tests.ui.fake_sentiment import HEARD, FakeSentiment

PICKED = (DEFAULT, DEFAULT)
EXAMPLE = speech_examples()[0]


@pytest.fixture
def task() -> FakeSentiment:
    return FakeSentiment()


@pytest.fixture
def tab(task: FakeSentiment) -> SpeechTab:
    models = Models(lambda name, model: task, ("sentiment",))
    with gr.Blocks():
        return SpeechTab(models, gr.HTML())


@pytest.fixture
def speech(tmp_path: Path) -> str:
    """A recording that is none of the examples."""
    samples, rate = soundfile.read(EXAMPLE.path)
    soundfile.write(tmp_path / "speech.wav", samples, rate)
    return str(tmp_path / "speech.wav")


def last(updates: Iterator[dict[Any, Any]]) -> dict[Any, Any]:
    merged: dict[Any, Any] = {}
    for update in updates:
        merged.update(update)
    return merged


def test_a_recording_is_heard_once_and_judged_anew_with_corrected_words(
    tab: SpeechTab, task: FakeSentiment, speech: str
) -> None:
    first = last(tab._arrived(speech, "old words", Heard(), *PICKED))
    heard, result = first[tab.source.heard], first[tab.result]
    assert first[tab.source.words] == HEARD == heard.words and "a fake ear" in first[tab.source.heard_by]
    assert result.transcribed and result.transcriber == "a fake ear" and result.answer == "positive"
    assert "conflict" in first[tab.answer] and "&lt;" in first[tab.words]["value"]

    again = last(tab._judge(speech, "I hate this", heard, *PICKED))
    assert task.transcriptions == 1 and again[tab.result].answer == "negative" and not again[tab.result].transcribed
    assert tab.source.words not in again

    gone = last(tab._arrived(None, HEARD, heard, *PICKED))
    assert gone[tab.source.words] == "" and gone[tab.result] is None
    assert last(tab._arrived(None, "typed", heard, *PICKED))[tab.source.words] == "typed"


def test_words_alone_have_no_sound_and_markup_stays_text(tab: SpeechTab) -> None:
    shown = last(tab._judge(None, "<script>alert(1)</script> happy 😀" + " zebra" * 17_000, Heard(), *PICKED))
    assert shown[tab.view] is None and "<script" not in shown[tab.words]["value"]
    assert "zebra" in shown[tab.notice]["value"] and not shown[tab.downloads.maps]["interactive"]


@pytest.mark.parametrize("sound, words", [(None, "  "), (__file__, "")])
def test_a_mistake_is_one_sentence_in_the_place_of_the_answer(
    tab: SpeechTab, sound: str | None, words: str, speech: str
) -> None:
    shown = last(tab._judge(sound, words, Heard(), *PICKED))
    assert shown[tab.answer].startswith('<p class="speech-message" role="alert">') and shown[tab.result] is None
    assert last(tab._judge(speech, "", Heard(), *PICKED))[tab.result] is not None


def test_another_method_moves_the_map_and_keeps_the_answer(tab: SpeechTab, speech: str) -> None:
    before = last(tab._judge(speech, "happy", Heard(), *PICKED))
    after = last(tab._explain(before[tab.result], "late"))
    assert before[tab.view]["relevance"] != after[tab.view]["relevance"]
    assert before[tab.answer] == after[tab.answer]
    other = last(tab._judge(speech, "happy", Heard(), DEFAULT, "gated"))
    assert other[tab.result].strategies[0].name == "gated"


def test_the_view_is_sent_the_numbers_and_few_bytes(task: FakeSentiment) -> None:
    samples = np.sin(np.arange(30 * 16_000) / 9).astype(np.float32)
    result = task(audio=(16_000, samples), text="happy")
    assert result.acoustics is not None
    sent = sound_content(result.acoustics, result.audio_map, result.band_map)
    assert len(json.dumps(sent)) < 200_000
    seen = np.frombuffer(base64.b64decode(sent["relevance"]), np.uint8)
    assert len(seen) == sent["columns"] == 600 and abs(int(seen.argmax()) - 300) <= 12 and seen.max() == 255
    level = np.frombuffer(base64.b64decode(sent["level"]), np.int8)
    assert level.mean() == pytest.approx(-3, abs=1)
    assert (
        counted_most(result.audio_map).startswith("The voice counted most from 15.0 s to 15.6 s")
        and counted_most(None) == ""
    )


def test_examples_are_small_recordings() -> None:
    for example in speech_examples():
        assert example.path.stat().st_size <= 40_000 and 1 < soundfile.info(example.path).duration < 6


def test_an_example_brings_its_words_and_nothing_is_transcribed(
    tab: SpeechTab, task: FakeSentiment, tmp_path: Path
) -> None:
    copy = tmp_path / "as the page names it.ogg"
    copy.write_bytes(EXAMPLE.path.read_bytes())
    found = last(tab._arrived(str(copy), "", Heard(), *PICKED))
    assert found[tab.source.words] == EXAMPLE.words
    assert "given to the synthesizer" in found[tab.source.heard_by]
    assert task.transcriptions == 0 and not found[tab.result].transcribed
    assert len({example.words for example in speech_examples()}) == len(speech_examples())
