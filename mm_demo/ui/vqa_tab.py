"""The question tab: a picture and a question in, an answer out, with the words and the places that made it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import gradio as gr
import numpy as np

from mm_demo.tasks.inputs import read_image, read_question
from mm_demo.ui.attention_view import Word, attention_view, content, flat, picture_and, question_word
from mm_demo.ui.downloads import Downloads, none_yet
from mm_demo.ui.evidence.again_vqa import VqaAgain
from mm_demo.ui.evidence.methods_table import MethodsTable
from mm_demo.ui.evidence.panel import EvidencePanel
from mm_demo.ui.evidence.randomised import Forgetting, RandomisedPanel, over_picture
from mm_demo.ui.evidence.shapley import ShapleyPanel
from mm_demo.ui.examples import examples
from mm_demo.ui.hub.chooser import ModelChooser
from mm_demo.ui.models import DEFAULT_MODEL, Models
from mm_demo.ui.notice import doubts, notice
from mm_demo.ui.pickers import ALL, DEFAULT, Pickers, anew, filled, fitted, settings
from mm_demo.ui.picture_source import PictureSource, chosen
from mm_demo.ui.questions import questions_for
from mm_demo.ui.sentences import sentence
from mm_demo.views.bars import answer_bars, share_bar

if TYPE_CHECKING:
    from mm_demo.evidence.probe import Part, Probe
    from mm_demo.tasks.results import VqaResult
    from mm_demo.ui.evidence.known import Known

_SHARE_NAMES = {"text": "question", "image": "picture"}
_SHOWN_ANSWERS = 5

Kept = tuple[str, "VqaResult"]
"""An answer and the name of its run."""


class VqaTab:
    """Draws the tab and wires it; `pickers` are filled from outside once the model is loaded.

    Args:
        models: holds the task "vqa"; the one that writes captions suggests questions.
        line: the status line.
    """

    def __init__(self, models: Models, line: gr.HTML) -> None:
        self._models = models
        self.result = gr.State(None, time_to_live=3600)
        self.word = gr.State(None)
        with gr.Row():
            with gr.Column(scale=4, min_width=300):
                self.source = PictureSource("vqa", examples())
                self.question = gr.Textbox(
                    label="Question",
                    placeholder="what color is the star?",
                    lines=1,
                    max_lines=3,
                    elem_id="vqa-question",
                )
                start = questions_for(None, None)
                self.suggestions = gr.Dataset(
                    components=[gr.Textbox(visible=False)],
                    samples=[[text] for text in start],
                    label="Questions to try",
                    elem_id="vqa-suggestions",
                )
                button = gr.Button("Ask", variant="primary", elem_id="vqa-run")
            with gr.Column(scale=7, min_width=320):
                self.notice = gr.HTML(visible=False, elem_classes="notice")
                self.answers = gr.HTML(visible=False, elem_id="vqa-answers")
                self.view = attention_view("vqa-view")
                parts: dict[Part, str] = {"image": "the picture", "text": "the question's words"}
                self.evidence = EvidencePanel("vqa", self, parts, self.result, self.word)
                self.shares = gr.HTML(visible=False, elem_id="vqa-shares")
                self.model = ModelChooser("vqa", models, line)
                self.pickers = Pickers("vqa")
                MethodsTable("vqa", models, "vqa", self.model.chosen.change)
                with self.evidence.unfold:
                    self.shapley = ShapleyPanel("vqa", self, _SHARE_NAMES, self.result)
                    self.sanity = RandomisedPanel("vqa", self, self.result, self.word, self.pickers.inputs)
                self.again = VqaAgain(models, self.result, self.pickers)
                self.downloads = Downloads()
        self._wire(button)

    def _wire(self, button: gr.Button) -> None:
        quiet: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
        answer = [self.view, self.answers, self.shares, self.notice, self.result, *self.downloads.outputs]
        asked = [self.question, *self.source.inputs, *self.pickers.inputs]
        # First, see `forget_at`.
        redrawn = [picker.input for picker in self.pickers.inputs]
        asks = [button.click, self.question.submit, self.suggestions.click]
        outdated = [*asks, *redrawn, self.model.chosen.change]
        self.evidence.forget_at(outdated)
        self.sanity.forget_at(outdated)
        self.shapley.forget_at(outdated)
        self.source.picture.change(self._suggest, self.source.picture, self.suggestions, **quiet)
        own = gr.on([button.click, self.question.submit], self._run, asked, answer, **quiet)
        suggested = self.suggestions.click(_first, self.suggestions, self.question, queue=False, **quiet).then(
            self._run, asked, answer, **quiet
        )
        again = [self.result, *self.pickers.inputs]
        explained = [self.view, self.shares, self.result, *self.downloads.outputs]
        method = self.pickers.method.input(self._method, self.pickers.method, self.pickers.inputs, **quiet).then(
            self._explain, again, explained, **quiet
        )
        level = gr.on([self.pickers.layer.input, self.pickers.head.input], self._explain, again, explained, **quiet)
        for answered in (own, suggested, method, level):
            self.evidence.follow(answered)
        running = [own, suggested, method, level]
        other = self.model.chosen.change(
            self._other_model, None, [*answer, *self.pickers.inputs], cancels=running, **quiet
        )
        for answered in (own, suggested, other):
            self.again.offer_after(answered)

    def _other_model(self) -> list[Any]:
        """What another model said and showed goes away, and the pickers offer what this one has."""
        task, hidden = self._models.get("vqa"), gr.update(visible=False)
        cleared = [content(None, []), hidden, hidden, notice([]), None, *none_yet()]
        return [*cleared, *anew(filled(task), DEFAULT, ALL, ALL)]

    def _run(
        self, question: str, kind: str, picture: str | None, board: str | None, *picked: Any
    ) -> Iterator[list[Any]]:
        run = uuid4().hex
        hidden = gr.update(visible=False)
        try:
            image = read_image(chosen(kind, picture, board))
            text = read_question(question)
            busy = picture_and(image, content(run, [], busy=True))
            yield [busy, hidden, hidden, notice([]), None, *none_yet()]
            result: VqaResult = self._models.get("vqa")(image, text, **settings(*picked))
            yield [
                _shown(run, result),
                gr.update(value=answer_bars(result.candidates[:_SHOWN_ANSWERS]), visible=True),
                _shares(result),
                notice(doubts("vqa", result.familiar, result.unknown_words)),
                (run, result),
                *self._files(result),
            ]
        except Exception as error:  # Whatever happens, the person reads one sentence where the answer would stand.
            yield [content(None, [], error=sentence(error)), hidden, hidden, notice([]), None, *none_yet()]

    def parts(self, kept: Kept) -> Sequence[Part]:
        """The picture and the question."""
        return ["image", "text"]

    def removals(self, part: Part) -> Sequence[str]:
        """The task's."""
        names: Sequence[str] = self._models.get("vqa").removals[part]
        return names

    def probe(self, kept: Kept, part: Part, word: None, removal: str) -> Probe:
        """The answer."""
        probe: Probe = self._models.get("vqa").probe(kept[1], part, removal)
        return probe

    def whole_shares(self, kept: Kept) -> dict[str, float]:
        """Of picture and question."""
        shares: dict[str, float] = self._models.get("vqa").coalition_shares(kept[1])
        return shares

    def drawn(self, kept: Kept, values: np.ndarray) -> str:
        """The picture."""
        result = kept[1]
        return over_picture(result.image)(values.reshape(result.image_map.shape), "The picture, patch by patch")

    def known(self, kept: Kept, word: None) -> Known | None:
        """What the question asks about."""
        from mm_demo.ui.evidence.known import known_object

        return known_object(kept[1].image, kept[1].question)

    def forgetting(self, kept: Kept, word: None, *picked: Any) -> Forgetting:
        """The answer's map."""
        result, chosen = kept[1], settings(*picked)
        steps = self._models.get("vqa").randomised(result, chosen["layer"], chosen["head"])
        return over_picture(result.image), result.image_map, steps

    def _suggest(self, picture: str | None) -> Any:
        # The default one: what is asked about are the words that it knows, and another may take a minute.
        captioner = self._models.ready("caption", DEFAULT_MODEL)
        return gr.Dataset(samples=[[text] for text in questions_for(picture, captioner)])

    def _method(self, method: str) -> list[Any]:
        task = self._models.ready("vqa")
        return fitted(task, method) if task else [gr.skip()] * 3

    def _explain(self, kept: tuple[str, VqaResult] | None, *picked: Any) -> list[Any]:
        if kept is None:
            return [gr.skip()] * 5
        run, result = kept
        try:
            result = self._models.get("vqa").explain(result, **settings(*picked))
            return [_shown(run, result), _shares(result), (run, result), *self._files(result)]
        except Exception as error:
            return [content(None, [], error=sentence(error)), gr.skip(), gr.skip(), *none_yet()]

    def _files(self, result: VqaResult) -> list[Any]:
        maps = [(f"answer: {result.answer}", result.image_map)]
        maps += [(f"{token.token}  {token.relevance:+.2f}", token.map) for token in result.question_tokens]
        numbers = {"question": result.question, **result.to_json()}
        return self.downloads.offer("answer", result.image, maps, f"{result.question}  {result.answer}", numbers)


def _shown(run: str, result: VqaResult) -> dict[str, Any]:
    return content(
        run,
        [question_word(token) for token in result.question_tokens],
        result.image_map.shape,
        whole=Word(text=result.answer, map=flat(result.image_map), probability=round(result.candidates[0][1], 4)),
        heading="The answer, and your question: choose a word to see where it looked.",
        spoken=f"Answer: {result.answer}",
    )


def _shares(result: VqaResult) -> dict[str, Any]:
    return gr.update(value=share_bar(result.modality_shares, _SHARE_NAMES), visible=True)


def _first(sample: list[str]) -> str:
    return sample[0]
