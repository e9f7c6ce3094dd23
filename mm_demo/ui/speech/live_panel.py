"""Live mode: while a person speaks, sentiment and weights move, and a timeline of the last minute grows.

Gradio's own streaming microphone sends ten pieces a second and drops those that the server has no time for, so that a
judgement would hear a voice with holes. This one sends all that it has heard since the last answer, twice a second or
as often as answers come.
"""

from __future__ import annotations

import base64
import binascii
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr
import numpy as np

from mm_demo.errors import UserError
from mm_demo.ui.models import DEFAULT_MODEL, Models
from mm_demo.ui.sentences import sentence
from mm_demo.ui.speech.answer import SHARE_NAMES, error_html
from mm_demo.ui.speech.live import Clip, Listener
from mm_demo.ui.speech.places import LivePlaces
from mm_demo.views.bars import share_bar
from mm_demo.views.sentiments import leading, sentiment_bars
from mm_demo.views.timeline import timeline

if TYPE_CHECKING:
    from mm_demo.tasks.sentiment_result import SentimentResult

_FOLDER = Path(__file__).parent
_FRESH = 3.0
"""Seconds after which a judgement no longer stands for now."""
_RATES = (8_000, 192_000)
_LONGEST = 20.0
"""Seconds of sound that one message may bring."""


class LivePanel:
    """The record button and all that moves below it.

    Args:
        models: holds the task "sentiment".
        chosen: the state that holds the id of the model that was chosen last, "" for the default.
    """

    def __init__(self, models: Models, chosen: gr.State) -> None:
        self._models = models
        # Few threads for everybody: judging is cheap, and speech to text would otherwise take every core.
        judging, hearing = ThreadPoolExecutor(2, "live-judge"), ThreadPoolExecutor(1, "live-words")
        self._places = LivePlaces(
            lambda model: Listener(partial(self._judge, model), partial(self._transcribe, model), judging, hearing)
        )

        def hear(message: dict[str, Any]) -> str:
            return self.heard(message)

        panel = gr.HTML(
            value="",
            html_template=(_FOLDER / "live_panel.html").read_text(),
            css_template=(_FOLDER / "live_panel.css").read_text(),
            js_on_load=(_FOLDER / "live_panel.js").read_text(),
            apply_default_css=False,
            server_functions=[hear],
            elem_id="speech-live",
        )
        # What the page sends while it records belongs to no event, so that it has to name the model.
        chosen.change(_same, chosen, panel, queue=False, show_progress="hidden", api_visibility="private")

    def heard(self, message: dict[str, Any]) -> str:
        """Takes what a browser heard and returns where its recording stands, as HTML; never raises."""
        try:
            name, clip = read_message(message)
            listener = self._places.listener(name, str(message.get("model", "")))
            listener.hear(*clip)
            return live_html(listener)
        except Exception as error:
            return error_html(sentence(error))

    def _judge(self, model: str, clip: Clip, words: str | None) -> SentimentResult:
        return self._task(model)(audio=clip, text=words, transcribe=False)

    def _transcribe(self, model: str, clip: Clip) -> str:
        task = self._task(model)
        return task.transcribe(clip)[0] if "text" in task.modalities else ""

    def _task(self, model: str) -> Any:
        """With a model that somebody has opened; nothing that a message names is opened for it."""
        return self._models.ready("sentiment", model) or self._models.get("sentiment", DEFAULT_MODEL)


def _same(model: str) -> str:
    return model


def read_message(message: dict[str, Any]) -> tuple[str, Clip]:
    """The recording's name, and the sound that a browser sent: `rate` in Hz, `samples` base64 of 16-bit integers.

    Raises:
        UserError: it is nothing that this page sends.
    """
    try:
        name, rate = str(message["name"])[:64], int(message["rate"])
        raw = base64.b64decode(message["samples"], validate=True)
        if not _RATES[0] <= rate <= _RATES[1] or len(raw) > 2 * rate * _LONGEST:
            raise ValueError("out of range")
        samples = np.frombuffer(raw, "<i2").astype(np.float32) / 32768
    except (KeyError, TypeError, ValueError, binascii.Error) as error:
        raise UserError("The sound that the browser sent can't be read: reload the page and record again.") from error
    return name, (rate, samples)


def live_html(listener: Listener) -> str:
    """Where the recording stands: bars and weights of the latest judgement, the words, the last minute."""
    moments = list(listener.moments)
    fresh = bool(moments) and listener.seconds - moments[-1].at <= _FRESH
    state = "Listening…" if listener.silent or not fresh else f"Sounds {leading(moments[-1].probabilities)}"
    parts = [f'<p class="live-state">{state}</p>']
    if listener.problem:
        parts.append(error_html(listener.problem))
    if moments:
        kind = "now" if fresh and not listener.silent else "past"
        parts.append(f'<div class="{kind}">{sentiment_bars(moments[-1].probabilities)}')
        parts.append(share_bar(moments[-1].weights, SHARE_NAMES, "How voice and words are weighed") + "</div>")
    if listener.words:
        parts.append(f'<p class="heard">Heard: “{escape(listener.words)}”</p>')
    parts.append(timeline(moments, listener.seconds))
    return f'<div class="live">{"".join(parts)}</div>'
