"""Erasing a part of a hit: its match before and after, side by side."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import gradio as gr

from mm_demo.ui.attention_view import attention_view, picture_and
from mm_demo.ui.evidence.again import AgainPanel, nothing_erased
from mm_demo.ui.evidence.eraser import erased, eraser, to_erase
from mm_demo.ui.evidence.panel import STREAM, Updates
from mm_demo.ui.pickers import DEFAULT
from mm_demo.ui.retrieval.match_view import Explained, hit_content
from mm_demo.ui.sentences import sentence
from mm_demo.views.scores import plain

if TYPE_CHECKING:
    from mm_demo.tasks.retrieval_result import Match

_ABOUT = "Paint over a part of the hit; it is filled with the picture's mean colour, and matched anew."


class SearchAgain:
    """The unfold of the search tab; `offer_after` says when there is a hit to erase parts of.

    Args:
        kept: the state that holds (Explained, Match), or None.
        method: how the maps are made.
    """

    def __init__(self, kept: gr.State, method: gr.Dropdown) -> None:
        self._kept = kept
        self._panel = AgainPanel(
            "search",
            _ABOUT,
            lambda: [eraser("search-eraser")],
            lambda elem_id: attention_view(elem_id, compact=True),
        )
        self._panel.button.click(self._again, [kept, *self._panel.tools, method], self._panel.outputs, **STREAM)

    def offer_after(self, answered: Any) -> None:
        """Brings the hit once this event is through."""
        answered.then(self._offer, self._kept, self._panel.outputs, **STREAM)

    def _offer(self, kept: tuple[Explained, Match] | None) -> Updates:
        return self._panel.offered(gr.skip() if kept is None else to_erase(kept[0].run, kept[0].picture))

    def _again(self, kept: tuple[Explained, Match] | None, painted: Any, method: str) -> Updates:
        try:
            picture = None if kept is None else erased(kept[0].picture, kept[0].run, painted)
            if kept is None or picture is None:
                raise nothing_erased("paint over a part of the hit")
            explained, before = kept
            indexing = explained.found.indexing
            center = indexing.gallery().center
            chosen = None if method == DEFAULT else method
            after: Match = indexing.task().explain(picture, explained.found.query, chosen, center)
            said = f"The score was {plain(before.score)} and is {plain(after.score)} without it."
            return self._panel.shown(
                said, _drawn(explained, before), _drawn(replace(explained, picture=picture), after)
            )
        except Exception as error:
            return self._panel.failed(sentence(error))


def _drawn(explained: Explained, match: Match) -> Any:
    return picture_and(explained.picture, {**hit_content(explained, match), "follow": False})
