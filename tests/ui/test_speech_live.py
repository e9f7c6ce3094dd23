"""Live mode without a browser: what is kept, what is judged, and that nothing waits."""

from __future__ import annotations

import base64
from concurrent.futures import Executor, Future
from typing import Any

import numpy as np
import pytest

from mm_demo.errors import UserError
from mm_demo.ui.models import Models
from mm_demo.ui.speech.live import KEPT_SECONDS, Listener, loudness
from mm_demo.ui.speech.live_panel import LivePanel, live_html, read_message
from mm_demo.ui.speech.places import PLACES, LivePlaces
from tests.ui.fake_sentiment import HEARD, FakeSentiment
from tests.ui.fakes import fake

RATE = 1000
LOUD = np.sin(np.arange(RATE // 2)).astype(np.float32)


class Slow(Executor):
    """Runs nothing until it is told to."""

    def __init__(self) -> None:
        self.waiting: list[tuple[Future, Any, tuple]] = []

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future:
        self.waiting.append((Future(), fn, args))
        return self.waiting[-1][0]

    def work(self) -> None:
        for future, fn, args in self.waiting:
            try:
                future.set_result(fn(*args))
            except Exception as error:
                future.set_exception(error)
        self.waiting.clear()


@pytest.fixture
def pools() -> tuple[Slow, Slow]:
    return Slow(), Slow()


def listener(pools: tuple[Slow, Slow], judge: Any = None) -> Listener:
    task = FakeSentiment()
    said = judge or (lambda clip, words: task(audio=clip, text=words, transcribe=False))
    return Listener(said, lambda clip: task.transcribe(clip)[0], *pools)


def test_a_slow_judge_is_asked_once_and_the_sound_is_kept(pools: tuple[Slow, Slow]) -> None:
    one = listener(pools)
    for _ in range(20):
        one.hear(RATE, LOUD)
    assert one.seconds == 10 and len(pools[0].waiting) == 1 and len(pools[1].waiting) == 1 and not one.moments
    pools[0].work()
    one.hear(RATE, LOUD)
    assert [moment.at for moment in one.moments] == [1.0]
    assert len(pools[0].waiting[0][2][0][1]) == KEPT_SECONDS * RATE


def test_words_are_taken_up_when_they_are_there(pools: tuple[Slow, Slow]) -> None:
    one = listener(pools)
    for _ in range(12):
        one.hear(RATE, LOUD)
        pools[0].work()
    assert {moment.weights["audio"] for moment in one.moments} == {1.0}
    pools[1].work()
    for _ in range(2):
        one.hear(RATE, LOUD)
        pools[0].work()
    one.hear(RATE, LOUD)
    assert one.words == HEARD and one.moments[-1].weights["audio"] == pytest.approx(0.38)
    html = live_html(one)
    assert "&lt;today&gt;" in html and "<today>" not in html and "Sounds positive" in html


def test_silence_is_listened_to_and_not_judged(pools: tuple[Slow, Slow]) -> None:
    one = listener(pools)
    for _ in range(6):
        one.hear(RATE, np.zeros(RATE // 2, np.float32))
    assert pools[0].waiting == [] and "Listening…" in live_html(one)
    assert loudness(LOUD) == pytest.approx(-3.01, abs=0.1) and loudness(np.zeros(0)) == -np.inf


def test_a_judge_that_fails_is_one_sentence_and_the_next_one_is_heard(pools: tuple[Slow, Slow]) -> None:
    def fails(clip: Any, words: str | None) -> Any:
        raise UserError("Speak <longer>.")

    one = listener(pools, fails)
    for _ in range(4):
        one.hear(RATE, LOUD)
        pools[0].work()
    assert "Speak &lt;longer&gt;." in live_html(one)


def test_messages_are_read_and_anything_else_refused() -> None:
    samples = base64.b64encode(np.array([16384, -32768], "<i2").tobytes()).decode()
    name, (rate, read) = read_message({"name": "a", "rate": 48_000, "samples": samples})
    assert (name, rate, read.tolist()) == ("a", 48_000, [0.5, -1.0])
    bad: list[Any] = [
        None,
        {},
        {"name": "a", "rate": 1, "samples": samples},
        {"name": "a", "rate": 48_000, "samples": "!"},
    ]
    for message in [*bad, {"name": "a", "rate": 8_000, "samples": base64.b64encode(bytes(400_000)).decode()}]:
        with pytest.raises(UserError):
            read_message(message)
    import gradio as gr

    with gr.Blocks():
        panel = LivePanel(Models(fake), gr.State(""))
    assert 'role="alert"' in panel.heard({})


def test_every_recording_has_its_own_listener_and_places_run_out(pools: tuple[Slow, Slow]) -> None:
    places = LivePlaces(lambda model: listener(pools))
    first = places.listener("0")
    assert places.listener("0") is first and places.listener("1") is not first
    for i in range(2, PLACES):
        places.listener(str(i))
    with pytest.raises(UserError):
        places.listener("one too many")
