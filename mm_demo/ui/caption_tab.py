"""The caption tab: a picture in, words out one by one, each with where it looked."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import gradio as gr
from PIL import Image

from mm_demo.tasks.inputs import read_image
from mm_demo.ui.attention_view import Word, attention_view, caption_word, content, picture_and
from mm_demo.ui.downloads import Downloads, none_yet
from mm_demo.ui.evidence.again_caption import CaptionAgain
from mm_demo.ui.evidence.methods_table import MethodsTable
from mm_demo.ui.evidence.panel import EvidencePanel
from mm_demo.ui.evidence.randomised import Forgetting, RandomisedPanel, over_picture
from mm_demo.ui.examples import examples
from mm_demo.ui.hub.chooser import ModelChooser
from mm_demo.ui.models import Models
from mm_demo.ui.notice import doubts, notice
from mm_demo.ui.pickers import ALL, DEFAULT, Pickers, anew, filled, fitted, settings
from mm_demo.ui.picture_source import PictureSource, chosen
from mm_demo.ui.sentences import sentence

if TYPE_CHECKING:
    from mm_demo.evidence.probe import Part, Probe
    from mm_demo.tasks.results import CaptionResult
    from mm_demo.ui.evidence.known import Known

LIVE_SECONDS = 600
"""How long one person's camera may keep a place before it must be started again."""
LIVE_PLACES = 4
"""How many cameras are served at once; further ones wait."""

Kept = tuple[str, "CaptionResult"]
"""A caption and the name of its run."""
Chosen = tuple[str, int]
"""The word whose map is checked: the run it is of, and its number."""


class CaptionTab:
    """Draws the tab and wires it; `pickers` are filled from outside once the model is loaded.

    Args:
        models: holds the task "caption".
        line: the status line.
    """

    def __init__(self, models: Models, line: gr.HTML) -> None:
        self._models = models
        self.result = gr.State(None, time_to_live=3600)
        self.word = gr.State(None)
        with gr.Row():
            with gr.Column(scale=4, min_width=300):
                self.source = PictureSource("caption", examples(), live=True)
                button = gr.Button("Caption it", variant="primary", elem_id="caption-run")
            with gr.Column(scale=7, min_width=320):
                self.notice = gr.HTML(visible=False, elem_classes="notice")
                self.view = attention_view("caption-view")
                self.evidence = EvidencePanel("caption", self, {"image": "the picture"}, self.result, self.word)
                self.model = ModelChooser("caption", models, line)
                self.pickers = Pickers("caption")
                MethodsTable("caption", models, "caption", self.model.chosen.change)
                with self.evidence.unfold:
                    self.sanity = RandomisedPanel("caption", self, self.result, self.word, self.pickers.inputs)
                self.again = CaptionAgain(models, self.result, self.pickers)
                self.downloads = Downloads()
        self._wire(button)

    def _wire(self, button: gr.Button) -> None:
        quiet: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
        answer = [self.view, self.notice, self.result, *self.downloads.outputs]
        asked = [*self.source.inputs, *self.pickers.inputs]
        assert self.source.camera is not None
        # First, see `forget_at`.
        watched = [tab.select for tab, kind in self.source.tabs if kind == "live"]
        redrawn = [picker.input for picker in self.pickers.inputs]
        outdated = [self.source.picture.change, button.click, *watched, *redrawn, self.model.chosen.change]
        self.evidence.forget_at(outdated)
        self.sanity.forget_at([*outdated, self.view.select])
        for tab, kind in self.source.tabs:
            tab.select(_shown_if(kind != "live"), None, button, queue=False, **quiet)
        arrived = self.source.picture.change(self._arrived, asked, answer, **quiet)
        pressed = button.click(self._run, asked, answer, cancels=[arrived], **quiet)
        again = [self.result, *self.pickers.inputs]
        explained = [self.view, self.result, *self.downloads.outputs]
        method = self.pickers.method.input(self._method, self.pickers.method, self.pickers.inputs, **quiet).then(
            self._explain, again, explained, **quiet
        )
        level = gr.on([self.pickers.layer.input, self.pickers.head.input], self._explain, again, explained, **quiet)
        running = [arrived, pressed, method, level]
        for answered in list(running):
            led = answered.then(
                self._lead, [self.result, self.word, self.evidence.switch], [self.view, self.word], **quiet
            )
            self.evidence.follow(led)
            running.append(led)
        other = self.model.chosen.change(
            self._other_model, None, [*answer, self.word, *self.pickers.inputs], cancels=running, **quiet
        )
        for answered in (arrived, pressed, other):
            self.again.offer_after(answered)
        self.evidence.follow(self.view.select(self._choose, self.result, self.word, queue=False, **quiet))
        self.source.camera.stream(
            self._frame,
            [self.source.camera, *self.pickers.inputs],
            [self.view, self.notice],
            stream_every=0.25,
            time_limit=LIVE_SECONDS,
            concurrency_limit=LIVE_PLACES,
            **quiet,
        )

    def _other_model(self) -> list[Any]:
        """What another model said and showed goes away, and the pickers offer what this one has."""
        task = self._models.get("caption")
        return [content(None, []), notice([]), None, *none_yet(), None, *anew(filled(task), DEFAULT, ALL, ALL)]

    def _arrived(self, kind: str, picture: str | None, board: str | None, *picked: Any) -> Iterator[list[Any]]:
        if picture is None:
            yield [content(None, []), notice([]), None, *none_yet()]
        else:
            yield from self._run(kind, picture, board, *picked)

    def _run(self, kind: str, picture: str | None, board: str | None, *picked: Any) -> Iterator[list[Any]]:
        run = uuid4().hex
        try:
            image = read_image(chosen(kind, picture, board))
            yield [picture_and(image, content(run, [], busy=True)), notice([]), None, *none_yet()]
            words: list[Word] = []
            shape = (1, 1)
            stream = self._models.get("caption").stream(image, **settings(*picked))
            while True:
                try:
                    step = next(stream)
                except StopIteration as stop:
                    result: CaptionResult = stop.value
                    break
                words.append(caption_word(step))
                shape = step.map.shape
                yield [content(run, words, shape, busy=True), *[gr.skip()] * 4]
            words = [caption_word(step) for step in result.tokens]
            yield [
                content(run, words, shape, spoken=f"Caption: {result.answer}"),
                notice(doubts("caption", result.familiar)),
                (run, result),
                *self._files(result),
            ]
        except Exception as error:  # Whatever happens, the person reads one sentence where the answer would stand.
            yield [content(None, [], error=sentence(error)), notice([]), None, *none_yet()]

    def parts(self, kept: Kept) -> Sequence[Part]:
        """The picture, where there is a word to check."""
        return ["image"] if kept[1].tokens else []

    def removals(self, part: Part) -> Sequence[str]:
        """The task's."""
        names: Sequence[str] = self._models.get("caption").removals[part]
        return names

    def probe(self, kept: Kept, part: Part, word: Chosen | None, removal: str) -> Probe:
        """The chosen word; without one, the one that tells most."""
        task = self._models.get("caption")
        probe: Probe = task.probe(kept[1], self._number(kept, word), removal)
        return probe

    def known(self, kept: Kept, word: Chosen | None) -> Known | None:
        """What the chosen word names; without one, the word that tells most."""
        from mm_demo.ui.evidence.known import known_object

        return known_object(kept[1].image, kept[1].tokens[self._number(kept, word)].token)

    def forgetting(self, kept: Kept, word: Chosen | None, *picked: Any) -> Forgetting:
        """The chosen word's map; without one, that of the word that tells most."""
        _, result = kept
        number, chosen = self._number(kept, word), settings(*picked)
        steps = self._models.get("caption").randomised(result, number, chosen["layer"], chosen["head"])
        return over_picture(result.image), result.tokens[number].map, steps

    def _number(self, kept: Kept, word: Chosen | None) -> int:
        run, result = kept
        if word is not None and word[0] == run:
            return word[1]
        return int(self._models.get("caption").telling_word(result))

    def _lead(self, kept: Kept | None, word: Chosen | None, on: bool) -> list[Any]:
        """Once the caption stands, its most telling word leads: its map is the one that is shown and checked."""
        if kept is None or not on or not kept[1].tokens:
            return [gr.skip(), gr.skip()]
        run, result = kept
        try:
            if word is None or word[0] != run:
                word = run, self._number(kept, None)
        except Exception as error:  # The check, which comes next, meets it too and tells the person.
            sentence(error)
            return [gr.skip(), gr.skip()]
        shown = content(
            run,
            [caption_word(step) for step in result.tokens],
            _shape(result),
            spoken=f"Caption: {result.answer}",
            lead=word[1],
        )
        return [shown, word]

    def _choose(self, kept: tuple[str, Any] | None, event: gr.EventData) -> Any:
        if kept is None or event.run != kept[0] or event.index is None:
            return gr.skip()
        return kept[0], int(event.index)

    def _method(self, method: str) -> list[Any]:
        task = self._models.ready("caption")
        return fitted(task, method) if task else [gr.skip()] * 3

    def _explain(self, kept: tuple[str, CaptionResult] | None, *picked: Any) -> list[Any]:
        if kept is None:
            return [gr.skip()] * 4
        run, result = kept
        try:
            maps = self._models.get("caption").explain(result, **settings(*picked))
            steps = [replace(step, map=values) for step, values in zip(result.tokens, maps, strict=True)]
            result = replace(result, tokens=steps, method=picked[0])
            shown = content(run, [caption_word(step) for step in steps], _shape(result))
            return [shown, (run, result), *self._files(result)]
        except Exception as error:
            return [content(None, [], error=sentence(error)), gr.skip(), *none_yet()]

    def _frame(self, frame: Image.Image | None, *picked: Any) -> list[Any]:
        if frame is None:
            return [gr.skip(), gr.skip()]
        try:
            image = read_image(frame)
            task = self._models.get("caption")
            wanted = settings(*picked)
            if wanted == {"method": DEFAULT, "layer": None, "head": None}:
                wanted["method"] = task.live_method
            result = task(image, **wanted)
            # One name for all frames: the view then keeps the word that one points at.
            shown = content("live", [caption_word(step) for step in result.tokens], _shape(result))
            return [picture_and(image, shown), notice(doubts("caption", result.familiar))]
        except Exception as error:
            return [content(None, [], error=sentence(error)), notice([])]

    def _files(self, result: CaptionResult) -> list[Any]:
        maps = [(f"{step.token}  {step.probability:.0%}", step.map) for step in result.tokens]
        return self.downloads.offer("caption", result.image, maps, result.answer, result.to_json())


def _shape(result: CaptionResult) -> tuple[int, int]:
    return result.tokens[0].map.shape if result.tokens else (1, 1)


def _shown_if(visible: bool) -> Callable[[], dict[str, Any]]:
    return lambda: gr.update(visible=visible)
