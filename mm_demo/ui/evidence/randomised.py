"""Does the map depend on the model? The same map as the model forgets what it learned, layer after layer.

Adebayo et al. 2018, "Sanity checks for saliency maps": a map that stays as it was explains the picture, not the model.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from html import escape
from typing import Any, Protocol

import gradio as gr
import numpy as np
from PIL import Image

from mm_demo.ui.attention_view import data_uri
from mm_demo.ui.evidence.lines import trouble_line
from mm_demo.ui.evidence.panel import STREAM
from mm_demo.ui.evidence.shuffled import as_asked
from mm_demo.ui.sentences import sentence
from mm_demo.ui.turns import Turns
from mm_demo.views.overlay import overlay

_SIDE = 200
_ABOUT = (
    "What the model learned is replaced by noise, from the last layer down. A map of what the model does must change; "
    "1 means that the same places stand out as before, 0 that they have nothing in common."
)

Draw = Callable[[np.ndarray, str], str]
"""A map and what to call it -> HTML of the input under the map."""
Forgetting = tuple[Draw, np.ndarray, Iterator[tuple[str, np.ndarray]]]
"""How maps are drawn, the map that is shown, and what is forgotten so far with the map that is left."""


class Sanity(Protocol):
    """What a tab knows of its answer; `kept` and `word` as in `panel.Checked`."""

    def forgetting(self, kept: Any, word: Any, *picked: Any) -> Forgetting:
        """The map that is shown, and what becomes of it; `picked` are the pickers' values."""
        ...


class RandomisedPanel:
    """A button and the maps that it brings; `forget_at` says when they are no longer true."""

    def __init__(self, name: str, sanity: Sanity, kept: gr.State, word: gr.State, pickers: Sequence[Any]) -> None:
        self._sanity = sanity
        button = gr.Button("Does the map depend on the model?", size="sm", elem_id=f"{name}-randomise")
        self._maps = gr.HTML("", elem_id=f"{name}-randomised", padding=False)
        self._turns = gr.State(Turns())
        button.click(self._run, [kept, word, self._turns, *pickers], self._maps, **STREAM)

    def forget_at(self, triggers: Sequence[Any]) -> None:
        """Empties it at these events."""
        gr.on(list(triggers), self._forget, self._turns, self._maps, queue=False, **STREAM)

    def _forget(self, turns: Turns) -> str:
        turns.take()
        return ""

    def _run(self, kept: Any, word: Any, turns: Turns, *picked: Any) -> Iterator[str]:
        from mm_demo.evidence.randomisation import similarity

        current = turns.take()
        try:
            if kept is None:
                yield ""
                return
            draw, shown, steps = self._sanity.forgetting(kept, word, *picked)
            cards = [_card(draw, as_asked(shown), "the model as it is", "")]
            for label, left in steps:
                if not current():
                    yield gr.skip()  # See `EvidencePanel`.
                    return
                cards.append(
                    _card(draw, as_asked(left), label, f"alike: {similarity(shown, left):.2f}".replace("-", "−"))
                )
                yield _all(cards)
        except Exception as error:
            if current():
                yield trouble_line(sentence(error))


def over_picture(picture: Image.Image) -> Draw:
    """Draws (rows, cols) maps over this picture, made small."""
    small = picture.copy()
    small.thumbnail((_SIDE, _SIDE))
    return lambda values, name: f'<img alt="{escape(name)}" src="{data_uri(overlay(small, values))}">'


def _all(cards: Sequence[str]) -> str:
    return f'<p class="heard">{_ABOUT}</p><ul class="randomised">{"".join(cards)}</ul>'


def _card(draw: Draw, values: np.ndarray, label: str, alike: str) -> str:
    return f"<li>{draw(values, f'The map: {label}')}<span>{escape(label)}</span><b>{escape(alike)}</b></li>"
