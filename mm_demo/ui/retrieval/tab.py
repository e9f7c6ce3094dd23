"""The search tab: words or a picture in, the most similar pictures of a gallery out, and why each one matched."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import gradio as gr
import numpy as np

from mm_demo.tasks.inputs import read_image
from mm_demo.ui.evidence.again_search import SearchAgain
from mm_demo.ui.evidence.methods_table import MethodsTable
from mm_demo.ui.evidence.panel import EvidencePanel
from mm_demo.ui.evidence.randomised import Forgetting, RandomisedPanel, over_picture
from mm_demo.ui.hub.chooser import ModelChooser
from mm_demo.ui.models import Models
from mm_demo.ui.notice import doubts
from mm_demo.ui.pickers import DEFAULT, anew
from mm_demo.ui.retrieval.alignment import AlignmentPanel
from mm_demo.ui.retrieval.comparing import ComparingPanel
from mm_demo.ui.retrieval.gallery import GENERATED, GallerySource, Own, progress_html
from mm_demo.ui.retrieval.hits import EMPTY, MOST_SCORES, Found, hits_content, hits_view, said
from mm_demo.ui.retrieval.match_view import Explained, MatchView, method_filled, method_fitted
from mm_demo.ui.retrieval.naming import NamingPanel
from mm_demo.ui.retrieval.query import QuerySource, asked
from mm_demo.ui.sentences import sentence
from mm_demo.ui.speech.answer import busy_html, error_html
from mm_demo.ui.turns import Turns

if TYPE_CHECKING:
    from mm_demo.evidence.probe import Part, Probe
    from mm_demo.tasks.retrieval_result import Match
    from mm_demo.ui.evidence.known import Known

Updates = dict[Any, Any]
Kept = tuple[Explained, "Match"]
"""The hit whose match is shown, and the match."""
Chosen = tuple[str, int]
"""The word whose map is checked: the run it is of, and its number in the query."""


class SearchTab:
    """Draws the tab and wires it; `pickers` are filled from outside once the model is loaded.

    Args:
        models: holds the task "retrieval".
        local: whether folders of this machine may be searched.
        line: the status line.
    """

    def __init__(self, models: Models, local: bool, line: gr.HTML) -> None:
        self._models = models
        self.found = gr.State(None, time_to_live=3600)
        self.explained = gr.State(None, time_to_live=3600)
        self.matched = gr.State(None, time_to_live=3600)
        self.word = gr.State(None)
        self.turns = gr.State(Turns())
        with gr.Row():
            with gr.Column(scale=4, min_width=300):
                self.gallery = GallerySource(models, local)
                self.query = QuerySource()
                self.model = ModelChooser("retrieval", models, line)
                button = gr.Button("Search", variant="primary", elem_id="search-run")
            with gr.Column(scale=7, min_width=320):
                self.hits = hits_view("search-hits")
                self.match = MatchView()
                with self.match.column:
                    MethodsTable("search", models, "retrieval", self.model.chosen.change)
                with self.match.below_view:
                    parts: dict[Part, str] = {"image": "the hit", "text": "the query's words"}
                    self.evidence = EvidencePanel("search", self, parts, self.matched, self.word)
                    with self.evidence.unfold:
                        self.sanity = RandomisedPanel("search", self, self.matched, self.word, [])
                    self.again = SearchAgain(self.matched, self.match.method)
        with gr.Accordion("What would it be called?", open=False, elem_id="search-naming"):
            NamingPanel(models, self.query.source.inputs, self.explained, self.model.chosen.change)
        with gr.Accordion("Texts beside pictures", open=False, elem_id="search-comparing"):
            ComparingPanel(self.gallery, self.found, self.model.chosen.change)
        with gr.Accordion("Alignment, live: train such a space from nothing", open=False, elem_id="search-alignment"):
            AlignmentPanel()
        self._wire(button)

    @property
    def pickers(self) -> list[Any]:
        """The components that `match_view.method_filled` updates."""
        return [self.match.method]

    def begin(self, tab: gr.Tab) -> None:
        """Has the chosen gallery indexed, behind the page, as soon as somebody opens this tab."""
        tab.select(
            self.gallery.show,
            [*self.gallery.inputs, self.gallery.turns],
            [self.gallery.line, self.gallery.cancel],
            show_progress="hidden",
            api_visibility="private",
        )

    def _wire(self, button: gr.Button) -> None:
        # Several at once, because the newest must not wait for those it replaces: they notice and say no more.
        quiet: dict[str, Any] = {
            "show_progress": "hidden",
            "api_visibility": "private",
            "trigger_mode": "multiple",
            "outputs": [self.hits, self.found, self.explained, self.matched, *self.match.outputs],
        }
        # First, see `forget_at`.
        starts = [button.click, self.query.words.submit, self.query.examples.click]
        outdated = [*starts, self.hits.select, self.match.method.input, self.model.chosen.change]
        self.evidence.forget_at(outdated)
        self.sanity.forget_at([*outdated, self.match.view.select])
        wanted = [*self.query.inputs, self.query.count, *self.gallery.inputs, self.match.method, self.turns]
        own = gr.on([button.click, self.query.words.submit], self._search, wanted, **quiet)
        example = self.query.examples.click(
            _first, self.query.examples, self.query.words, queue=False, show_progress="hidden", api_visibility="private"
        ).then(self._search, wanted, **quiet)
        selected = self.hits.select(self._select, [self.found, self.match.method, self.turns], **quiet)
        method = self.match.method.input(
            self._fit, self.match.method, self.match.method, show_progress="hidden", api_visibility="private"
        ).then(self._redraw, [self.explained, self.match.method, self.turns], **quiet)
        for answered in (own, example, selected, method):
            self.evidence.follow(answered)
        word = self.match.view.select(
            self._choose, self.matched, self.word, queue=False, show_progress="hidden", api_visibility="private"
        )
        self.evidence.follow(word)
        other = self.model.chosen.change(
            self._other_model,
            self.turns,
            [*quiet["outputs"], self.match.method],
            cancels=[own, example, selected, method],
            show_progress="hidden",
            api_visibility="private",
        )
        for answered in (own, example, selected, other):
            self.again.offer_after(answered)
        self.gallery.show_after(other)

    def _other_model(self, turns: Turns) -> Updates:
        """What another model found and showed goes away, and the picker offers what this one has."""
        turns.take()
        (method,) = anew(method_filled(self._models.get("retrieval")), DEFAULT)
        return {**self._cleared(EMPTY), self.match.method: method}

    def _search(self, *given: Any) -> Iterator[Updates]:
        *parts, count, kind, own, method, turns = given
        current = turns.take()
        try:
            query = asked(*parts)
            indexing = self.gallery.under_way(kind, own)
            yield self._cleared(busy_html("Searching…"))
            for done, total in indexing.watch():
                if not current():
                    yield {self.hits: gr.skip()}  # See `EvidencePanel`.
                    return
                yield self._cleared(progress_html(done, total))
            gallery = indexing.gallery()
            wanted = max(int(count), min(len(gallery), MOST_SCORES))
            # By the model that made the gallery: the person may have chosen another one meanwhile.
            answer = indexing.task().answer(gallery, query, wanted)
            scores = np.array([hit.score for hit in answer.hits])
            kept: Own | None = None if kind == GENERATED else own
            notes = [*answer.notes, *doubts("retrieval", answer.familiar)]
            found = Found(uuid4().hex, query, answer.hits[: int(count)], notes, indexing, kept)
            shown = hits_content(found.run, found.hits, scores)
            if not current():
                yield {self.hits: gr.skip()}
                return
            hits = {self.hits: shown, self.found: found}
            yield {**self._cleared(gr.skip()), **hits}
            # Of two updates in quick succession the browser may show only the later one: the hits go with each.
            for updates in self._explain(found, 0, method, current, chosen=False):
                yield {**updates, **hits}
        except Exception as error:  # Whatever happens, the person reads one sentence where the hits would stand.
            if current():
                yield self._cleared(error_html(sentence(error)))

    def _select(self, found: Found | None, method: str, turns: Turns, event: gr.EventData) -> Iterator[Updates]:
        if found is None or event.run != found.run or not 0 <= int(event.index) < len(found.hits):
            yield {self.found: gr.skip()}
            return
        yield from self._explain(found, int(event.index), method, turns.take(), chosen=True)

    def _explain(
        self, found: Found, index: int, method: str, current: Callable[[], bool], chosen: bool
    ) -> Iterator[Updates]:
        """Updates of the match view for one of the hits."""
        hit = found.hits[index]
        try:
            explained = Explained(f"{found.run}-{index}", hit.path.name, read_image(hit.path), found, chosen)
        except Exception as error:
            yield {self.explained: None, self.matched: None, **self._match(self.match.failed(sentence(error)))}
            return
        yield {self.explained: explained, self.matched: None, **self._match(self.match.busy(explained))}
        yield from self._matched(explained, method, current)

    def _redraw(self, explained: Explained | None, method: str, turns: Turns) -> Iterator[Updates]:
        if explained is None:
            yield {self.explained: None}
            return
        yield from self._matched(explained, method, turns.take())

    def _matched(self, explained: Explained, method: str, current: Callable[[], bool]) -> Iterator[Updates]:
        kept: Kept | None
        try:
            indexing = explained.found.indexing
            center = indexing.gallery().center
            match = indexing.task().explain(
                explained.picture, explained.found.query, None if method == DEFAULT else method, center
            )
            shown = self.match.shown(explained, match)
            kept = explained, match
        except Exception as error:
            shown, kept = self.match.failed(sentence(error)), None
        yield (
            {self.explained: explained, self.matched: kept, **self._match(shown)}
            if current()
            else {self.explained: gr.skip()}
        )

    def parts(self, kept: Kept) -> Sequence[Part]:
        """The hit; and the query's words, where there are some."""
        return ["image", "text"] if kept[1].words else ["image"]

    def removals(self, part: Part) -> Sequence[str]:
        """The task's."""
        names: Sequence[str] = self._models.get("retrieval").removals[part]
        return names

    def probe(self, kept: Kept, part: Part, word: Chosen | None, removal: str) -> Probe:
        """The match; or, of the hit, what the chosen word adds to it."""
        number = _number(kept, word) if part == "image" else None
        probe: Probe = kept[0].found.indexing.task().probe(kept[1], part, number, removal)
        return probe

    def known(self, kept: Kept, word: Chosen | None) -> Known | None:
        """What the query names, or its chosen word."""
        from mm_demo.ui.evidence.known import known_object

        explained, match = kept
        number = _number(kept, word)
        text = explained.found.query.text if number is None else match.words[number].word
        return known_object(match.image, text, explained.name)

    def forgetting(self, kept: Kept, word: Chosen | None, *picked: Any) -> Forgetting:
        """The chosen word's map; without one, that of the whole query."""
        match, number = kept[1], _number(kept, word)
        shown = match.map if number is None else match.words[number].map
        return over_picture(match.image), shown, kept[0].found.indexing.task().randomised(match, number)

    def _choose(self, kept: tuple[Explained, Any] | None, event: gr.EventData) -> Any:
        if kept is None or event.run != kept[0].run:
            return gr.skip()
        return None if event.index is None else (event.run, int(event.index))

    def _fit(self, method: str) -> Any:
        task = self._models.ready("retrieval")
        return method_fitted(task, method) if task else gr.skip()

    def _cleared(self, message: Any) -> Updates:
        shown = said(message) if isinstance(message, str) else message
        return {
            self.hits: shown,
            self.found: None,
            self.explained: None,
            self.matched: None,
            **self._match(self.match.empty()),
        }

    def _match(self, updates: list[Any]) -> Updates:
        return dict(zip(self.match.outputs, updates, strict=True))


def _number(kept: Kept, word: Chosen | None) -> int | None:
    return word[1] if word is not None and word[0] == kept[0].run else None


def _first(sample: list[str]) -> str:
    return sample[0]
