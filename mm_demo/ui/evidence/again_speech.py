"""Silencing a stretch of a recording, or striking words: both sentiments side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import gradio as gr
import numpy as np

from mm_demo.errors import UserError
from mm_demo.ui.evidence.again import AgainPanel, nothing_erased
from mm_demo.ui.evidence.compare import told_of_answers
from mm_demo.ui.evidence.panel import STREAM, Updates
from mm_demo.ui.evidence.striker import striker, to_strike, without_struck
from mm_demo.ui.models import Models
from mm_demo.ui.sentences import sentence
from mm_demo.ui.speech.pickers import SpeechPickers, speech_settings
from mm_demo.views.bars import answer_bars
from mm_demo.views.heard_strip import heard_strip
from mm_demo.views.words import signed_words

if TYPE_CHECKING:
    from mm_demo.tasks.sentiment_result import SentimentResult

_ABOUT = "Silence a stretch of the recording, or strike out words, and see what is left of the sentiment."
_STEP = 0.05
"""Seconds."""


class SpeechAgain:
    """The unfold of the speech tab; `offer_after` says when there is something to take away.

    Args:
        models: holds the task "sentiment".
        kept: the state that holds the SentimentResult, or None.
        sound: the recording that it is of; its value is a path.
        pickers: how voice and words are fused, and how the maps are made.
    """

    def __init__(self, models: Models, kept: gr.State, sound: gr.Audio, pickers: SpeechPickers) -> None:
        self._models, self._kept = models, kept
        self._panel = AgainPanel("speech", _ABOUT, _tools, lambda elem_id: gr.HTML("", elem_id=elem_id, padding=False))
        asked = [kept, sound, *self._panel.tools, *pickers.inputs]
        self._panel.button.click(self._again, asked, self._panel.outputs, **STREAM)

    def offer_after(self, answered: Any) -> None:
        """Brings the recording's length and the words once this event is through."""
        answered.then(self._offer, self._kept, self._panel.outputs, **STREAM)

    def _offer(self, kept: SentimentResult | None) -> Updates:
        if kept is None:
            return self._panel.offered(_slider(0), _slider(0), to_strike(""))
        seconds = kept.acoustics.seconds if kept.acoustics is not None else 0.0
        return self._panel.offered(_slider(seconds), _slider(seconds), to_strike(kept.transcript or ""))

    def _again(
        self,
        kept: SentimentResult | None,
        sound: str | None,
        start: float,
        end: float,
        struck: Any,
        *picked: str,
    ) -> Updates:
        try:
            if kept is None:
                raise nothing_erased("record or type something")
            heard = sound if kept.acoustics is not None else None
            words = without_struck(kept.transcript or "", struck)
            cut = (start, end) if heard is not None and end > start else None
            if words is None and cut is None:
                raise nothing_erased("choose where the silence begins and ends, or click words,")
            left = kept.transcript if words is None else words or None
            if heard is None and left is None:
                raise UserError("Then nothing is left to judge: leave at least one word.")
            audio = heard if heard is None or cut is None else silenced(heard, *cut)
            after: SentimentResult = self._models.get("sentiment")(
                audio=audio, text=left, transcribe=False, **speech_settings(*picked)
            )
            said = told_of_answers(kept.candidates, after.candidates)
            return self._panel.shown(said, _drawn(kept, None), _drawn(after, cut))
        except Exception as error:
            return self._panel.failed(sentence(error))


def silenced(path: str, start: float, end: float) -> tuple[int, np.ndarray]:
    """(rate, mono samples) of a recording with silence from `start` to `end` seconds."""
    from mm_demo.models.speech import RATE
    from mm_demo.tasks.sound import read_sound

    samples = read_sound(path).samples.copy()
    samples[round(start * RATE) : round(end * RATE)] = 0
    return RATE, samples


def _tools() -> list[Any]:
    with gr.Row():
        ends = [
            gr.Slider(0, 1, 0, step=_STEP, label=label, visible=False, elem_id=f"speech-silence-{name}")
            for name, label in (("from", "Silence from (s)"), ("to", "to (s)"))
        ]
    return [*ends, striker("speech-striker", "The words: click one to strike it out")]


def _slider(seconds: float) -> Any:
    longest = max(_STEP, round(round(seconds / _STEP) * _STEP, 2))
    return gr.update(maximum=longest, value=0, visible=seconds > 0)


def _drawn(result: SentimentResult, cut: tuple[float, float] | None) -> str:
    shown = answer_bars(result.candidates, "Sentiment")
    if result.acoustics is not None and result.audio_map is not None:
        shown += heard_strip(result.acoustics, result.audio_map, cut)
    if result.text_tokens:
        about = f"Words for and against {result.answer}"
        shown += signed_words(result.transcript or "", result.text_tokens, about)
    return f'<div class="speech-answer">{shown}</div>'
