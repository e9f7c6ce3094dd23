"""The speech tab: a voice and words in, their sentiment out, with which of the two decided and where."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import gradio as gr
import numpy as np

from mm_demo.errors import UserError
from mm_demo.ui.downloads import Downloads, none_yet
from mm_demo.ui.evidence.again_speech import SpeechAgain
from mm_demo.ui.evidence.panel import EvidencePanel
from mm_demo.ui.evidence.randomised import Forgetting, RandomisedPanel
from mm_demo.ui.evidence.shapley import ShapleyPanel
from mm_demo.ui.evidence.shuffled import as_asked
from mm_demo.ui.examples.speech import example_in
from mm_demo.ui.hub.chooser import ModelChooser
from mm_demo.ui.models import Models
from mm_demo.ui.notice import notice
from mm_demo.ui.pickers import DEFAULT, anew
from mm_demo.ui.sentences import sentence
from mm_demo.ui.speech.answer import EMPTY, SHARE_NAMES, answer_html, busy_html, error_html, speech_doubts
from mm_demo.ui.speech.live_panel import LivePanel
from mm_demo.ui.speech.microphone import microphone_trouble
from mm_demo.ui.speech.pickers import SpeechPickers, speech_filled, speech_fitted, speech_settings
from mm_demo.ui.speech.source import Heard, SpeechSource, example_path, heard_line, said_html
from mm_demo.ui.speech.view import sound_content, sound_view
from mm_demo.views.fusions import fusion_table
from mm_demo.views.heard_strip import heard_strip
from mm_demo.views.words import signed_words

if TYPE_CHECKING:
    from mm_demo.evidence.probe import Part, Probe
    from mm_demo.tasks.sentiment_result import SentimentResult

Updates = dict[Any, Any]
_NOTHING = "There is nothing to judge yet: record or upload speech, take one of the recordings, or type words."
_HIDDEN = gr.update(visible=False)
_ABOUT_LIVE = (
    '<p class="heard">Press Record and speak: the last six seconds are judged again and again, for up to two minutes. '
    "The sound is not kept.</p>"
)


def _drawn(result: SentimentResult) -> dict[str, Any] | None:
    if result.acoustics is None:
        return None
    shown = result.audio_map
    if shown is not None:
        shown = replace(shown, relevance=as_asked(shown.relevance))
    return sound_content(result.acoustics, shown, result.band_map, result.attention_map)


class SpeechTab:
    """Draws the tab and wires it; `pickers` are filled from outside once the model is loaded.

    Args:
        models: holds the task "sentiment".
        line: the status line.
    """

    def __init__(self, models: Models, line: gr.HTML) -> None:
        self._models = models
        self.result = gr.State(None, time_to_live=3600)
        with gr.Column(elem_id="speech"):
            with gr.Row():
                with gr.Column(scale=4, min_width=300):
                    microphone_trouble("speech-microphone", "speech")
                    with gr.Tabs():
                        with gr.Tab("Recording", id="recording") as recording:
                            self.source = SpeechSource()
                            button = gr.Button("Judge", variant="primary", elem_id="speech-run")
                        with gr.Tab("Live", id="live") as live:
                            gr.HTML(_ABOUT_LIVE)
                with gr.Column(scale=7, min_width=320):
                    self.model = ModelChooser("sentiment", models, line)
                    with gr.Column() as self.judged:
                        self.notice = gr.HTML(visible=False, elem_classes="notice")
                        self.answer = gr.HTML(EMPTY, elem_id="speech-answer")
                        self.view = sound_view("speech-view", "speech-sound")
                        self.words = gr.HTML(visible=False, elem_id="speech-relevance")
                        parts: dict[Part, str] = {"audio": "the recording", "text": "the words"}
                        self.evidence = EvidencePanel("speech", self, parts, self.result, gr.State(None))
                        with self.evidence.unfold:
                            self.shapley = ShapleyPanel("speech", self, SHARE_NAMES, self.result)
                            self.sanity = RandomisedPanel(
                                "speech", self, self.result, gr.State(None), [self.evidence.part]
                            )
                        self.pickers = SpeechPickers()
                        self.again = SpeechAgain(models, self.result, self.source.sound, self.pickers)
                        self.downloads = Downloads()
                    with gr.Column(visible=False) as self.live:
                        LivePanel(models, self.model.chosen)
            self.table = gr.HTML(visible=False, elem_id="speech-fusions")
        self._wire(button, recording, live)

    def _wire(self, button: gr.Button, recording: gr.Tab, live: gr.Tab) -> None:
        quiet: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
        source, pickers = self.source, self.pickers
        shown = [self.notice, self.answer, self.view, self.words, self.table, self.result, *self.downloads.outputs]
        heard = [source.words, source.heard_by, source.heard]
        asked = [*source.inputs, *pickers.inputs]
        # First, see `forget_at`.
        redrawn = [picker.input for picker in pickers.inputs]
        outdated = [source.sound.change, button.click, source.words.submit, *redrawn, self.model.chosen.change]
        self.evidence.forget_at(outdated)
        self.shapley.forget_at(outdated)
        self.sanity.forget_at([*outdated, self.evidence.part.input])
        arrived = source.sound.change(self._arrived, asked, [*shown, *heard], **quiet)
        judging = {"inputs": asked, "outputs": [*shown, *heard], "cancels": [arrived], **quiet}
        judged = gr.on([button.click, source.words.submit], self._judge, **judging)
        source.examples.click(example_path, source.examples, source.sound, queue=False, **quiet)
        method = pickers.method.input(self._fit, pickers.inputs, pickers.inputs, queue=False, **quiet).then(
            self._explain, [self.result, pickers.method], shown, **quiet
        )
        strategy = pickers.strategy.input(self._fit, pickers.inputs, pickers.inputs, queue=False, **quiet).then(
            self._judge, asked, [*shown, *heard], **quiet
        )
        for answered in (arrived, judged, method, strategy):
            self.evidence.follow(answered)
        running = [arrived, judged, method, strategy]
        other = self.model.chosen.change(self._other_model, None, [*shown, *pickers.inputs], cancels=running, **quiet)
        for answered in (arrived, judged, strategy, other):
            self.again.offer_after(answered)
        sides = [self.judged, self.table, self.live]
        recording.select(self._side, self.result, sides, queue=False, **quiet)
        live.select(lambda: [_HIDDEN, _HIDDEN, gr.update(visible=True)], None, sides, queue=False, **quiet)

    def parts(self, kept: SentimentResult) -> Sequence[Part]:
        """The recording and the words, whichever were given."""
        given: list[Part] = ["audio"] if kept.audio_map is not None else []
        return [*given, "text"] if kept.text_tokens else given

    def removals(self, part: Part) -> Sequence[str]:
        """The task's."""
        names: Sequence[str] = self._models.get("sentiment").removals[part]
        return names

    def probe(self, kept: SentimentResult, part: Part, word: None, removal: str) -> Probe:
        """The sentiment."""
        probe: Probe = self._models.get("sentiment").probe(kept, part, removal)
        return probe

    def whole_shares(self, kept: SentimentResult) -> dict[str, float]:
        """Of voice and words."""
        return kept.modality_shares

    def drawn(self, kept: SentimentResult, values: np.ndarray) -> str:
        """The recording."""
        assert kept.acoustics is not None and kept.audio_map is not None
        return heard_strip(kept.acoustics, replace(kept.audio_map, relevance=values))

    def forgetting(self, kept: SentimentResult, word: None, *picked: Any) -> Forgetting:
        """The map of the recording, or of the words; `picked` is which of the two is being checked."""
        parts = self.parts(kept)
        part = picked[0] if picked[0] in parts else parts[0]
        steps = self._models.get("sentiment").randomised(kept, part)
        if part == "audio" and kept.audio_map is not None:
            return lambda values, _: self.drawn(kept, values), kept.audio_map.relevance, steps
        relevance = np.array([token.relevance for token in kept.text_tokens])
        return lambda values, name: _signed(kept, values, name), relevance, steps

    def known(self, kept: SentimentResult, word: None) -> None:
        """Nothing: a recording's truth is not drawn from a seed."""

    def _other_model(self) -> Updates:
        """What another model said and showed goes away, and the pickers offer what this one has."""
        offered = anew(speech_filled(self._models.get("sentiment")), DEFAULT, DEFAULT)
        return {**self._cleared(EMPTY), **dict(zip(self.pickers.inputs, offered, strict=True))}

    def _side(self, result: SentimentResult | None) -> list[Any]:
        table = result is not None and bool(result.strategies)
        return [gr.update(visible=True), gr.update(visible=table), _HIDDEN]

    def _arrived(self, sound: str | None, words: str, heard: Heard, *picked: str) -> Iterator[Updates]:
        """A new recording brings its own words; one taken away takes along the words that were heard in it."""
        if sound is not None:
            yield from self._judge(sound, "", Heard(), *picked)
        elif heard.source is not None:
            kept = "" if words == heard.words else words
            yield {
                **self._cleared(EMPTY),
                **{self.source.words: kept, self.source.heard_by: "", self.source.heard: Heard()},
            }

    def _judge(self, sound: str | None, words: str, heard: Heard, *picked: str) -> Iterator[Updates]:
        try:
            if sound is None and not words.strip():
                raise UserError(_NOTHING)
            task = self._models.get("sentiment")
            said: Updates = {}
            if sound is not None and heard.source != sound:
                if not words.strip() and "text" in task.modalities:
                    yield self._cleared(busy_html("Making out the words…"))
                    heard, line = self._listen(task, sound)
                    words = heard.words
                else:
                    heard, line = Heard(sound), ""
                # Told again below: of two updates in quick succession the browser may show only the second.
                said = {self.source.heard_by: line}
                yield {self.source.words: words, self.source.heard: heard, **said}
            yield {**self._cleared(busy_html("Judging…")), **said}
            result: SentimentResult = task(
                audio=sound, text=words if words.strip() else None, transcribe=False, **speech_settings(*picked)
            )
            if result.transcript is not None and sound is not None and heard.by and words == heard.words:
                result = replace(result, transcribed=True, transcriber=heard.by)
            yield {**self._shown(result), **said}
            yield self._files(result)
        except Exception as error:  # Whatever happens, the person reads one sentence where the answer would stand.
            yield self._cleared(error_html(sentence(error)))

    def _listen(self, task: Any, sound: str) -> tuple[Heard, str]:
        """What speech to text makes of the recording, and the line that says so; the voice is judged without it too."""
        example = example_in(sound)
        if example is not None:
            known = Heard(sound, example.words)
            return known, heard_line(known)
        try:
            words, by = task.transcribe(sound)
        except UserError as error:
            return Heard(sound), said_html(str(error))
        heard = Heard(sound, words.strip(), by)
        return heard, heard_line(heard)

    def _fit(self, method: str, strategy: str) -> list[Any]:
        task = self._models.ready("sentiment")
        return speech_fitted(task, method, strategy) if task else [gr.skip()] * 2

    def _explain(self, result: SentimentResult | None, method: str) -> Iterator[Updates]:
        if result is None:
            yield {self.result: None}
            return
        try:
            result = self._models.get("sentiment").explain(result, method)
            yield self._shown(result)
            yield self._files(result)
        except Exception as error:
            yield self._cleared(error_html(sentence(error)))

    def _cleared(self, answer: Any) -> Updates:
        maps, numbers = none_yet()
        return {
            self.notice: notice([]),
            self.answer: answer,
            self.view: None,
            self.words: _HIDDEN,
            self.table: _HIDDEN,
            self.result: None,
            self.downloads.maps: maps,
            self.downloads.numbers: numbers,
        }

    def _shown(self, result: SentimentResult) -> Updates:
        table = fusion_table(result.strategies)
        return {
            self.notice: notice(speech_doubts(result)),
            self.answer: answer_html(result),
            self.view: _drawn(result),
            self.words: gr.update(value=_words(result), visible=bool(result.text_tokens)),
            self.table: gr.update(value=table, visible=bool(table)),
            self.result: result,
        }

    def _files(self, result: SentimentResult) -> Updates:
        """Last, because drawing takes longer than everything before it."""
        from mm_demo.views.sound_sheet import sound_sheet

        title = f"{result.answer} ({100 * result.candidates[0][1]:.0f} %). {result.remark}"
        sound = result.acoustics
        words = result.transcript or ""
        png = None if sound is None else sound_sheet(sound, result.audio_map, result.band_map, title, words)
        return dict(zip(self.downloads.outputs, self.downloads.hand_out("sentiment", png, result.to_json())))


def _words(result: SentimentResult) -> str:
    relevance = as_asked(np.array([token.relevance for token in result.text_tokens]))
    return (
        f"<h3>The words, and how much each speaks for “{result.answer}” (orange, +) or against it (blue, −)</h3>"
        + _signed(result, relevance, f"Words for and against {result.answer}")
    )


def _signed(result: SentimentResult, relevance: np.ndarray, name: str) -> str:
    tokens = [replace(token, relevance=float(value)) for token, value in zip(result.text_tokens, relevance)]
    return signed_words(result.transcript or "", tokens, name)
