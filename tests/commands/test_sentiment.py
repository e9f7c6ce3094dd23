"""`sentiment` for machines and for people, and its mistakes, with a task that answers without a model."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

import mm_demo
from mm_demo.attention.trace import Trace
from mm_demo.errors import UserError
from mm_demo.tasks.sentiment_result import AudioMap, FusionOpinion, SentimentResult, WordRelevance
from mm_demo.tasks.sound import Sound

BOTH = SentimentResult(
    answer="positive",
    candidates=[("positive", 0.625), ("neutral", 0.25), ("negative", 0.125)],
    transcript="what a day",
    transcribed=True,
    transcriber="pocketsphinx (English)",
    modality_weights={"audio": 0.25, "text": 0.75},
    modality_shares={"audio": 0.375, "text": 0.625},
    unimodal={
        "audio": {"negative": 0.5, "neutral": 0.25, "positive": 0.25},
        "text": {"negative": 0.0625, "neutral": 0.0625, "positive": 0.875},
    },
    conflict=True,
    remark="The voice sounds negative, the words are positive.",
    text_tokens=[
        WordRelevance("what", 0, 4, 0.125),
        WordRelevance("a", 5, 6, -0.5),
        WordRelevance("day", 7, 10, 1.0, known=False),
    ],
    audio_map=AudioMap(np.array([[0, 1], [1, 2], [2, 6]], float), np.array([0.5, 0.25, 0.25], np.float32)),
    band_map=None,
    acoustics=None,
    emotions=[("anger", 0.75), ("happiness", 0.25)],
    strategies=[
        FusionOpinion(
            "attention", "Attention", "", "positive", {"positive": 0.625}, {"audio": 0.25, "text": 0.75}, True
        ),
        FusionOpinion("late", "Late", "", "negative", {"negative": 0.5625}, {"audio": 0.5, "text": 0.5}, False),
    ],
    familiar=False,
    familiarity=0.03,
    trace=Trace(),
    method="gradient",
    model="fake",
    strategy="attention",
    notes=["The recording is clipped."],
    unknown_words=["day"],
)
WORDS = replace(
    BOTH,
    transcribed=False,
    transcriber=None,
    modality_weights={"audio": 0.0, "text": 1.0},
    unimodal={"audio": None, "text": BOTH.unimodal["text"]},
    conflict=False,
    remark="",
    audio_map=None,
    emotions=[],
    strategies=[],
    familiar=True,
    notes=[],
    unknown_words=[],
)


@dataclass
class FakeTask:
    """Keeps what it was asked, and answers by whether there was a sound."""

    opened: list[tuple[Any, ...]] = field(default_factory=list)
    asked: list[dict[str, Any]] = field(default_factory=list)

    def __call__(
        self, audio: Any = None, text: str | None = None, transcribe: bool = True, strategy: str | None = None
    ) -> SentimentResult:
        self.asked.append({"audio": audio, "text": text, "transcribe": transcribe, "strategy": strategy})
        if strategy == "none":
            raise UserError("There is no strategy “none”: choose attention or late.")
        return WORDS if audio is None else BOTH


@pytest.fixture
def task(monkeypatch: pytest.MonkeyPatch) -> FakeTask:
    fake = FakeTask()

    def load(task: str, model: str | None = None, device: str | None = None) -> FakeTask:
        fake.opened.append((task, model, device))
        return fake

    monkeypatch.setattr(mm_demo, "load", load)
    return fake


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    soundfile.write(tmp_path / "a.wav", 0.5 * np.sin(np.arange(8_000) / 5), 8_000)
    return tmp_path / "a.wav"


def test_json_with_both(command: Callable[..., Any], task: FakeTask, recording: Path) -> None:
    outcome = command("sentiment", recording, "--text", " What a\nday ", "--json", "--model", "m", "--device", "cpu")
    assert outcome.status == 0 and outcome.out.count("\n") == 1
    answer = json.loads(outcome.out)
    assert answer["sentiment"] == "positive"
    assert answer["candidates"][0] == {"sentiment": "positive", "probability": 0.625}
    assert answer["transcript"] == "what a day" and answer["transcribed"] is True
    assert answer["modality_weights"] == {"audio": 0.25, "text": 0.75}
    assert answer["modality_shares"] == {"audio": 0.375, "text": 0.625}
    assert answer["unimodal"]["audio"]["negative"] == 0.5 and answer["conflict"] is True
    assert answer["text_tokens"][1] == {"token": "a", "relevance": -0.5}
    assert answer["audio_map"] == {"times": [[0, 1], [1, 2], [2, 6]], "relevance": [0.5, 0.25, 0.25]}
    assert task.opened == [("sentiment", "m", "cpu")]
    (asked,) = task.asked
    assert isinstance(asked["audio"], Sound) and asked["audio"].seconds == 1
    assert (asked["text"], asked["transcribe"], asked["strategy"]) == ("What a day", True, None)


def test_options_and_single_modalities_reach_the_task(
    command: Callable[..., Any], task: FakeTask, recording: Path
) -> None:
    command("sentiment", recording, "--no-transcribe", "--strategy", "late")
    command("sentiment", "--text", "fine")
    command("sentiment", recording, "--text", " ")
    voice, words, wordless = task.asked
    assert (voice["text"], voice["transcribe"], voice["strategy"]) == (None, False, "late")
    assert (words["audio"], words["text"]) == (None, "fine")
    assert wordless["text"] == "", "a voice without words, which none are to be written down for"


def test_for_people(command: Callable[..., Any], task: FakeTask, recording: Path) -> None:
    out = command("sentiment", recording).out
    assert out.startswith("positive\n\nThe voice sounds negative, the words are positive.\n")
    assert "Heard by pocketsphinx (English): “what a day”" in out
    cells = [line.split() for line in out.splitlines()]
    for row in (
        ["negative", "0.125", "██"],
        ["voice", "negative", "0.500", "0.250", "0.375"],
        ["words", "positive", "0.875", "0.750", "0.625"],
        ["anger", "0.750"],
        ["Attention", "positive", "0.625", "0.250", "0.750", "own", "weights"],
        ["Late", "negative", "0.562", "0.500", "0.500", "exact", "shares"],
    ):
        assert any(line[: len(row)] == row for line in cells), row
    tokens = [line[0] for line in cells if len(line) > 1 and line[0] in ("what", "a", "day")]
    assert tokens == ["day", "a", "what"], "the most relevant first"
    stretches = {line[0]: float(line[2]) for line in cells if len(line) > 2 and "–" in line[0]}
    assert len(stretches) == 12 and sum(stretches.values()) == pytest.approx(1)
    assert (stretches["0.5–1.0"], stretches["1.5–2.0"], stretches["4.0–4.5"]) == (0.5, 0.25, 0.25)
    assert "The recording is clipped." in out and "(familiarity 0.03)" in out and "these words: day." in out


def test_words_alone_say_nothing_of_a_voice(command: Callable[..., Any], task: FakeTask) -> None:
    out = command("sentiment", "--text", "what a day").out
    assert "Words: “what a day”" in out
    for absent in ("voice", "in the sound", "fusion", "familiarity", "Heard", "\n\n\n"):
        assert absent not in out


@pytest.mark.parametrize("text", [None, "", " \n\u200b"])
def test_nothing_to_judge(command: Callable[..., Any], task: FakeTask, text: str | None) -> None:
    outcome = command("sentiment", *([] if text is None else ["--text", text]), "--json")
    assert (outcome.status, outcome.out, outcome.err.count("\n")) == (2, "", 1)
    assert "a recording, or words with --text" in outcome.err and task.opened == []


@pytest.mark.parametrize("content", [None, b"", b"no sound at all", b"RIFF"])
def test_mistakes_are_found_before_a_model_is_loaded(
    command: Callable[..., Any], task: FakeTask, tmp_path: Path, content: bytes | None
) -> None:
    path = tmp_path / "line\nbreak.wav"
    if content is not None:
        path.write_bytes(content)
    outcome = command("sentiment", path, "--text", "fine")
    assert (outcome.status, outcome.out, outcome.err.count("\n")) == (2, "", 1)
    assert "Traceback" not in outcome.err and task.opened == []
    outcome = command("sentiment", "--text", "a" * 100_001)
    assert outcome.status == 2 and "100,001" in outcome.err and task.opened == []


def test_what_the_task_refuses(command: Callable[..., Any], task: FakeTask) -> None:
    outcome = command("sentiment", "--text", "fine", "--strategy", "none")
    assert (outcome.status, outcome.out) == (2, "") and "no strategy “none”" in outcome.err
