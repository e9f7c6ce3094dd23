"""Erasing a part of the picture that was asked about, or striking words of the question: both answers side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import gradio as gr

from mm_demo.ui.attention_view import Word, attention_view, content, flat, picture_and, question_word
from mm_demo.ui.evidence.again import AgainPanel, nothing_erased
from mm_demo.ui.evidence.compare import told_of_answers
from mm_demo.ui.evidence.eraser import erased, eraser, to_erase
from mm_demo.ui.evidence.panel import STREAM, Updates
from mm_demo.ui.evidence.striker import striker, to_strike, without_struck
from mm_demo.ui.models import Models
from mm_demo.ui.pickers import Pickers, settings
from mm_demo.ui.sentences import sentence

if TYPE_CHECKING:
    from mm_demo.tasks.results import VqaResult

_ABOUT = "Paint over a part of the picture (it is filled with the picture's mean colour), or strike out words."


class VqaAgain:
    """The unfold of the question tab; `offer_after` says when there is something to take away.

    Args:
        models: holds the task "vqa".
        kept: the state that holds (run, VqaResult), or None.
        pickers: how the maps are made.
    """

    def __init__(self, models: Models, kept: gr.State, pickers: Pickers) -> None:
        self._models, self._kept = models, kept
        self._panel = AgainPanel(
            "vqa",
            _ABOUT,
            lambda: [eraser("vqa-eraser"), striker("vqa-striker", "Your question: click a word to strike it out")],
            lambda elem_id: attention_view(elem_id, compact=True),
        )
        self._panel.button.click(
            self._again, [kept, *self._panel.tools, *pickers.inputs], self._panel.outputs, **STREAM
        )

    def offer_after(self, answered: Any) -> None:
        """Brings picture and question once this event is through."""
        answered.then(self._offer, self._kept, self._panel.outputs, **STREAM)

    def _offer(self, kept: tuple[str, VqaResult] | None) -> Updates:
        if kept is None:
            return self._panel.offered(gr.skip(), gr.skip())
        run, result = kept
        return self._panel.offered(to_erase(run, result.image), to_strike(result.question))

    def _again(self, kept: tuple[str, VqaResult] | None, painted: Any, struck: Any, *picked: Any) -> Updates:
        try:
            if kept is None:
                raise nothing_erased("ask a question")
            run, before = kept
            picture = erased(before.image, run, painted)
            question = without_struck(before.question, struck)
            if picture is None and question is None:
                raise nothing_erased("paint over a part of the picture, or click words of the question,")
            after: VqaResult = self._models.get("vqa")(
                before.image if picture is None else picture,
                before.question if question is None else question,
                **settings(*picked),
            )
            said = told_of_answers(before.candidates, after.candidates)
            return self._panel.shown(said, _drawn(run, before), _drawn(run, after))
        except Exception as error:
            return self._panel.failed(sentence(error))


def _drawn(run: str, result: VqaResult) -> Any:
    whole = Word(text=result.answer, map=flat(result.image_map), probability=round(result.candidates[0][1], 4))
    whole["runners"] = [(name, round(p, 4)) for name, p in result.candidates[1:3]]
    words = [question_word(token) for token in result.question_tokens]
    return picture_and(result.image, content(run, words, result.image_map.shape, whole=whole, follow=False))
