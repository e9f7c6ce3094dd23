"""Erasing a part of a captioned picture: both captions word by word, what differs underlined."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import gradio as gr

from mm_demo.ui.attention_view import attention_view, caption_word, content, picture_and
from mm_demo.ui.evidence.again import AgainPanel, nothing_erased
from mm_demo.ui.evidence.compare import changed_words, told_of_captions
from mm_demo.ui.evidence.eraser import erased, eraser, to_erase
from mm_demo.ui.evidence.panel import STREAM, Updates
from mm_demo.ui.models import Models
from mm_demo.ui.pickers import Pickers, settings
from mm_demo.ui.sentences import sentence

if TYPE_CHECKING:
    from mm_demo.tasks.results import CaptionResult

_ABOUT = "Paint over a part of the picture; it is filled with the picture's mean colour."


class CaptionAgain:
    """The unfold of the caption tab; `offer_after` says when there is a picture to erase.

    Args:
        models: holds the task "caption".
        kept: the state that holds (run, CaptionResult), or None.
        pickers: how the maps are made.
    """

    def __init__(self, models: Models, kept: gr.State, pickers: Pickers) -> None:
        self._models, self._kept = models, kept
        self._panel = AgainPanel(
            "caption",
            _ABOUT,
            lambda: [eraser("caption-eraser")],
            lambda elem_id: attention_view(elem_id, compact=True),
        )
        self._panel.button.click(
            self._again, [kept, *self._panel.tools, *pickers.inputs], self._panel.outputs, **STREAM
        )

    def offer_after(self, answered: Any) -> None:
        """Brings the picture once this event is through."""
        answered.then(self._offer, self._kept, self._panel.outputs, **STREAM)

    def _offer(self, kept: tuple[str, CaptionResult] | None) -> Updates:
        return self._panel.offered(gr.skip() if kept is None else to_erase(kept[0], kept[1].image))

    def _again(self, kept: tuple[str, CaptionResult] | None, painted: Any, *picked: Any) -> Updates:
        try:
            picture = None if kept is None else erased(kept[1].image, kept[0], painted)
            if kept is None or picture is None:
                raise nothing_erased("paint over a part of the picture")
            before: CaptionResult = kept[1]
            after: CaptionResult = self._models.get("caption")(picture, **settings(*picked))
            gone, new = changed_words([s.token for s in before.tokens], [s.token for s in after.tokens])
            return self._panel.shown(
                told_of_captions(len(gone), len(new)), _marked(kept[0], before, gone), _marked(kept[0], after, new)
            )
        except Exception as error:
            return self._panel.failed(sentence(error))


def _marked(run: str, result: CaptionResult, changed: set[int]) -> Any:
    words = [caption_word(step) for step in result.tokens]
    for number in changed:
        words[number]["changed"] = True
    shape = result.tokens[0].map.shape if result.tokens else (1, 1)
    lead = min(changed, default=None)
    return picture_and(result.image, content(f"{run}-{result.answer}", words, shape, lead=lead, follow=False))
