"""Speech to text: the best one there is, words from a spoken sentence, none from silence."""

from __future__ import annotations

import runpy
import shutil
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr

from mm_demo import errors
from mm_demo.models import transcription
from mm_demo.models.transcription import open_transcriber, sphinx
from mm_demo.models.transcription.silence import nearly_silent
from mm_demo.models.transcription.sphinx import SphinxTranscriber


@pytest.fixture(autouse=True)
def empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No Whisper has been downloaded, whatever this machine holds."""
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    yield


@pytest.fixture(scope="module")
def spoken(tmp_path_factory: pytest.TempPathFactory) -> np.ndarray:
    if shutil.which("espeak-ng") is None:
        pytest.skip("espeak-ng, which speaks the test's sentence, is not installed")
    path = tmp_path_factory.mktemp("speech") / "a.wav"
    sentence = "I am very happy with this wonderful day"
    subprocess.run(["espeak-ng", "-v", "en-us", "-w", str(path), sentence], check=True)
    samples, rate = soundfile.read(path, dtype="float32")
    return soxr.resample(samples, rate, 16_000)


def test_words_are_heard_and_nobody_changes_what_another_hears(spoken: np.ndarray) -> None:
    transcriber = open_transcriber()
    assert transcriber.name == "pocketsphinx (English)"
    quiet_and_short = 0.3 * spoken[: len(spoken) // 2]
    with ThreadPoolExecutor(3) as pool:
        heard, _, again = pool.map(transcriber.transcribe, [spoken, quiet_and_short, spoken])
    assert {"happy", "wonderful", "day"} <= set(heard.split())
    assert heard == again


@pytest.mark.parametrize("samples", [np.zeros(0), np.zeros(1), np.zeros(16_000), np.full(16_000, 0.3)])
def test_silence_has_no_words(samples: np.ndarray) -> None:
    assert SphinxTranscriber().transcribe(samples.astype(np.float32)) == ""


def test_a_hiss_is_no_error() -> None:
    hiss = np.random.default_rng(0).normal(0, 0.5, 8_000).astype(np.float32)
    assert isinstance(SphinxTranscriber().transcribe(hiss), str)


def test_a_listener_that_hangs_or_breaks_is_one_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    noise = np.random.default_rng(0).normal(0, 0.1, 1_000).astype(np.float32)
    (tmp_path / "broken.py").write_text("raise SystemExit(3)")
    (tmp_path / "hanging.py").write_text("import time; time.sleep(60)")
    monkeypatch.setattr(sphinx, "_SECONDS", 1)
    for name in ("broken.py", "hanging.py"):
        monkeypatch.setattr(sphinx, "_WORKER", tmp_path / name)
        with pytest.raises(errors.UserError, match="type the words instead"):
            SphinxTranscriber().transcribe(noise)


def test_without_any_the_person_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transcription, "find_spec", lambda name: None)
    with pytest.raises(errors.UserError, match="type the words"):
        open_transcriber()


def test_what_is_silent() -> None:
    wave = np.sin(np.arange(16_000) / 10).astype(np.float32)
    click = np.zeros(16_000)
    click[5] = 1.0
    assert nearly_silent(0.001 * wave) and nearly_silent(0.001 * wave + 0.2) and nearly_silent(click)
    assert not nearly_silent(0.01 * wave)
    word = np.concatenate([np.zeros(59 * 16_000), 0.1 * wave])
    assert not nearly_silent(word), "one second in a minute"


def test_expletives_are_never_heard_and_their_neighbours_are() -> None:
    worker = runpy.run_path(str(Path(sphinx.__file__).with_name("sphinx_worker.py")))
    never = worker["_NEVER_HEARD"]
    assert all(never.match(f"{word} F AH K") for word in ("fucking", "motherfucker's", "shit", "bullshit", "dick(2)"))
    kept = ("dickens", "cockpit", "happy", "matsushita", "pussycat", "bitcoin", "shiva", "hello")
    assert not any(never.match(f"{word} AH K") for word in kept)
