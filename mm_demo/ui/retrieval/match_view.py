"""Why a hit matched: hit and query under their maps, and what each word adds to the score."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr
from PIL import Image

from mm_demo.ui.attention_view import Word, attention_view, content, flat, picture_and
from mm_demo.ui.downloads import Downloads, none_yet
from mm_demo.ui.notice import doubts, notice
from mm_demo.ui.pickers import DEFAULT
from mm_demo.views.scores import contribution_bars, plain
from mm_demo.views.words import shortened

if TYPE_CHECKING:
    from mm_demo.tasks.retrieval_result import Match, MatchedWord
    from mm_demo.ui.retrieval.hits import Found

_HIDDEN = gr.update(visible=False)


@dataclass(frozen=True)
class Explained:
    """The hit whose match is shown.

    Attributes:
        run: names the search and the hit.
        name: the picture's file name.
        picture: the hit.
        found: the search that it is of.
        chosen: whether the person asked for this hit; the best one is explained unasked.
    """

    run: str
    name: str
    picture: Image.Image
    found: Found
    chosen: bool


class MatchView:
    """The right column below the hits; every method returns updates of `outputs`.

    Attributes:
        below_view: the place right below the hit under its map, empty.
    """

    def __init__(self) -> None:
        self.notice = gr.HTML(visible=False, elem_classes="notice")
        with gr.Column(visible=False, elem_id="search-match") as self.column:
            self.view = attention_view("search-view")
            self.below_view = gr.Column()
            self.words = gr.HTML(
                visible=False,
                elem_id="search-words-parts",
                css_template=(Path(__file__).parent / "match.css").read_text(),
            )
            with gr.Column(visible=False) as self.beside:
                gr.HTML('<p class="heard">Your picture, and where it is met in it</p>')
                self.query_view = attention_view("search-query-view")
            self.method = gr.Dropdown(
                [("Recommended", DEFAULT)],
                value=DEFAULT,
                label="How the map is made",
                info=" ",
                elem_id="search-method",
            )
            self.downloads = Downloads()

    @property
    def outputs(self) -> list[Any]:
        """What `empty`, `busy`, `shown` and `failed` update."""
        return [
            self.notice,
            self.column,
            self.view,
            self.words,
            self.beside,
            self.query_view,
            *self.downloads.outputs,
        ]

    def empty(self) -> list[Any]:
        """Nothing is explained."""
        return [notice([]), _HIDDEN, content(None, []), _HIDDEN, _HIDDEN, content(None, []), *none_yet()]

    def busy(self, explained: Explained) -> list[Any]:
        """The hit while its match is being worked out."""
        shown = content(
            explained.run, [], heading=f"{explained.name}…", busy=True, about="match", follow=explained.chosen
        )
        busy = picture_and(explained.picture, shown)
        return [notice([]), gr.update(visible=True), busy, _HIDDEN, _HIDDEN, gr.skip(), *none_yet()]

    def failed(self, said: str) -> list[Any]:
        """One sentence in the place of the match."""
        wrong = content(None, [], error=said)
        return [notice([]), gr.update(visible=True), wrong, _HIDDEN, _HIDDEN, gr.skip(), *none_yet()]

    def shown(self, explained: Explained, match: Match) -> list[Any]:
        """The hit with why it was found."""
        query = explained.found.query
        parts = [(part.word, part.contribution) for part in match.words]
        rest = "how they go together" if query.picture is None else "your picture and the rest"
        bars = gr.update(value=contribution_bars(parts, match.score, match.average, rest), visible=bool(parts))
        hit = picture_and(explained.picture, hit_content(explained, match))
        doubted = [*explained.found.notes, *doubts("retrieval", match.familiar, match.unknown_words)]
        beside = [_HIDDEN, gr.skip()]
        if match.query_map is not None and query.picture is not None:
            whole = Word(text="your picture", map=flat(match.query_map))
            shown = content(explained.run, [], match.query_map.shape, whole=whole, about="query", follow=False)
            beside = [gr.update(visible=True), picture_and(query.picture, shown)]
        said = notice(list(dict.fromkeys(doubted)))
        return [said, gr.update(visible=True), hit, bars, *beside, *self._files(explained, match)]

    def _files(self, explained: Explained, match: Match) -> list[Any]:
        maps = [("whole query", match.map)]
        maps += [(f"{part.word}  {part.contribution:+.3f}", part.map) for part in match.words]
        numbers = {
            "picture": explained.name,
            "query": explained.found.query.text,
            "score": match.score,
            "average": match.average,
            "words": [
                {"word": part.word, "contribution": part.contribution, "map": part.map.tolist()} for part in match.words
            ],
            "map": match.map.tolist(),
            "query_map": None if match.query_map is None else match.query_map.tolist(),
            "method": match.method,
            "familiar": match.familiar,
            "unknown_words": match.unknown_words,
        }
        title = f"{shortened(explained.found.query.text) or 'a picture'}: {explained.name}, score {plain(match.score)}"
        return self.downloads.offer("match", explained.picture, maps, title, numbers)


def method_filled(task: Any) -> list[Any]:
    """The method picker's update once the task is loaded; the task lists the method it recommends first."""
    first, *others = task.methods
    choices = [(f"{first.label} (recommended)", DEFAULT), *((m.label, m.name) for m in others)]
    return [gr.update(choices=choices, info=first.help)]


def method_fitted(task: Any, method: str) -> Any:
    """The method picker's update after a choice: the sentence that explains it."""
    return gr.update(info=next((m.help for m in task.methods if m.name == method), task.methods[0].help))


def hit_content(explained: Explained, match: Match) -> dict[str, Any]:
    """The hit as the attention view takes it: each word of the query with the part of the picture that it meets."""
    largest = max((abs(part.contribution) for part in match.words), default=0.0) or 1.0
    heading = f"{explained.name}, score {plain(match.score)}" + (
        ": choose a word to see the part of the picture that it meets." if match.words else ""
    )
    return content(
        explained.run,
        [_word(part, largest, match.unknown_words) for part in match.words],
        match.map.shape,
        whole=Word(text="whole query", map=flat(match.map)),
        heading=heading,
        spoken=f"{explained.name} explained, score {plain(match.score)}",
        about="match",
        follow=explained.chosen,
    )


def _word(part: MatchedWord, largest: float, unknown: list[str]) -> Word:
    return Word(
        text=shortened(part.word),
        relevance=round(part.contribution / largest, 3),
        known=part.word not in unknown,
        map=flat(part.map),
    )
