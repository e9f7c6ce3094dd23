"""Live mode: while a person speaks, sentiment and weights move, and a timeline of the last minute grows."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from html import escape
from typing import TYPE_CHECKING, Any

import gradio as gr
import numpy as np

from mm_demo.ui.live import Clip, Listener
from mm_demo.ui.models import Models
from mm_demo.ui.sentences import sentence
from mm_demo.ui.speech_answer import SHARE_NAMES, error_html
from mm_demo.views.bars import share_bar
from mm_demo.views.sentiments import leading, sentiment_bars
from mm_demo.views.timeline import timeline

if TYPE_CHECKING:
    from mm_demo.tasks.sentiment_result import SentimentResult

LIVE_SECONDS = 120
"""How long one person's microphone may keep a place before it must be started again."""
LIVE_PLACES = 4
"""How many microphones are served at once; further ones wait."""
_EVERY = 0.5
_FRESH = 3.0
"""Seconds after which a judgement no longer stands for now."""

_ABOUT = (
    '<p class="heard">Press Record and speak: the last six seconds are judged again and again, up to two minutes at a '
    "time. Nothing is kept.</p>"
)
_START = '<p class="speech-empty">The sentiment of what you are saying will move here, with the last minute below.</p>'


class LivePanel:
    """The microphone on the left; `show` draws what moves, wherever it is called."""

    def __init__(self, models: Models) -> None:
        self._models = models
        # Few threads for everybody: judging is cheap, and speech to text would otherwise take every core.
        self._judging = ThreadPoolExecutor(2, "live-judge")
        self._hearing = ThreadPoolExecutor(1, "live-words")
        self.microphone = gr.Audio(
            label="Microphone",
            sources=["microphone"],
            streaming=True,
            type="filepath",
            elem_id="speech-live-sound",
            buttons=[],
        )
        gr.HTML(_ABOUT)
        self._listener = gr.State(None, time_to_live=600)
        self.panel: gr.Column

    def show(self) -> None:
        """Draws the moving part, hidden until live mode is chosen, and wires the microphone to it."""
        with gr.Column(visible=False) as self.panel:
            shown = gr.HTML(_START, elem_id="speech-live")
        quiet: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
        self.microphone.start_recording(lambda: (None, _START), None, [self._listener, shown], queue=False, **quiet)
        self.microphone.stream(
            self._tick,
            [self.microphone, self._listener],
            [shown, self._listener],
            stream_every=_EVERY,
            time_limit=LIVE_SECONDS,
            concurrency_limit=LIVE_PLACES,
            **quiet,
        )

    def _tick(self, chunk: str | None, listener: Listener | None) -> tuple[Any, Listener | None]:
        if chunk is None:
            return gr.skip(), listener
        try:
            listener = listener or Listener(self._judge, self._transcribe, self._judging, self._hearing)
            listener.hear(*read_chunk(chunk))
            return live_html(listener), listener
        except Exception as error:
            return error_html(sentence(error)), listener

    def _judge(self, clip: Clip, words: str | None) -> SentimentResult:
        return self._models.get("sentiment")(audio=clip, text=words, transcribe=False)

    def _transcribe(self, clip: Clip) -> str:
        task = self._models.get("sentiment")
        return task.transcribe(clip)[0] if "text" in task.modalities else ""


def read_chunk(path: str) -> Clip:
    """The samples of one piece of the stream, a small WAV file."""
    import soundfile

    samples, rate = soundfile.read(path, dtype="float32")
    return rate, np.asarray(samples)


def live_html(listener: Listener) -> str:
    """Where the recording stands: bars and weights of the latest judgement, the words, the last minute."""
    moments = list(listener.moments)
    fresh = bool(moments) and listener.seconds - moments[-1].at <= _FRESH
    state = "Listening…" if listener.silent or not fresh else f"Sounds {leading(moments[-1].probabilities)}"
    parts = [f'<p class="live-state" role="status">{state}</p>']
    if listener.problem:
        parts.append(error_html(listener.problem))
    if moments:
        kind = "now" if fresh and not listener.silent else "past"
        parts.append(f'<div class="{kind}">{sentiment_bars(moments[-1].probabilities)}')
        parts.append(share_bar(moments[-1].weights, SHARE_NAMES, "What decides right now") + "</div>")
    if listener.words:
        parts.append(f'<p class="heard">Heard: “{escape(listener.words)}”</p>')
    parts.append(timeline(moments, listener.seconds))
    return f'<div class="live">{"".join(parts)}</div>'
