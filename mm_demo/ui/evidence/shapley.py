"""What does every part add? Exact shares of the inputs, then of their words, patches or stretches, on demand.

Shapley values (Shapley 1953) and MM-SHAP's shares (Parcalabescu & Frank 2023); see `evidence.elements`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import gradio as gr
import numpy as np

from mm_demo.ui.evidence.lines import REMOVALS, trouble_line
from mm_demo.ui.evidence.panel import STREAM
from mm_demo.ui.pickers import DEFAULT
from mm_demo.ui.sentences import sentence
from mm_demo.ui.turns import Turns
from mm_demo.views.bars import share_bar
from mm_demo.views.value_bars import value_bars

if TYPE_CHECKING:
    from mm_demo.evidence.elements import ElementValues
    from mm_demo.evidence.probe import Part, Probe

BUDGET = 1500
"""Variants of one input that the model is asked, at most; about ten seconds on one CPU core."""
TOLERANCE = 0.01
"""The standard error, in the unit of the score, at which sampling stops."""
_CHUNK = 64
_DRAWN_FROM = 0.1
"""A side with less than this share of all that is added and taken away is noise and rounding more than a picture."""
_ELEMENTS = {"image": "patch", "text": "word", "audio": "stretch"}
_MANY = {"image": "patches", "text": "words", "audio": "stretches"}
_MM_SHARES = {"image": "V-share", "text": "T-share", "audio": "A-share"}


class Divisible(Protocol):
    """What a tab knows of its answer; `kept` is whatever the tab keeps of it, never None."""

    def parts(self, kept: Any) -> Sequence[Part]:
        """The inputs that can be taken apart."""
        ...

    def probe(self, kept: Any, part: Part, word: Any, removal: str) -> Probe:
        """The answer, to be asked again with pieces of that input missing."""
        ...

    def whole_shares(self, kept: Any) -> Mapping[str, float]:
        """Exact Shapley shares of the inputs as wholes, input -> 0…1."""
        ...

    def drawn(self, kept: Any, values: np.ndarray) -> str:
        """HTML of the input whose elements have no names, the picture or the recording, under values of 0 or more."""
        ...


class ShapleyPanel:
    """A button and what it brings; `forget_at` says when that is no longer true.

    Args:
        name: begins the components' ids.
        tab: what to ask.
        names: input -> the word for it, in the order in which they are taken apart.
        kept: the state that holds the tab's answer, None while there is none.
    """

    def __init__(self, name: str, tab: Divisible, names: Mapping[str, str], kept: gr.State) -> None:
        self._tab, self._names = tab, names
        button = gr.Button("What does every part add? (Shapley values)", size="sm", elem_id=f"{name}-shapley-run")
        style = (Path(__file__).parent / "shapley.css").read_text()
        self._shown = gr.HTML("", elem_id=f"{name}-shapley", padding=False, css_template=style)
        self._turns = gr.State(Turns())
        button.click(self._run, [kept, self._turns], self._shown, **STREAM)

    def forget_at(self, triggers: Sequence[Any]) -> None:
        """Ends it and empties its place at these events."""
        gr.on(list(triggers), self._forget, self._turns, self._shown, queue=False, **STREAM)

    def _forget(self, turns: Turns) -> str:
        turns.take()
        return ""

    def _run(self, kept: Any, turns: Turns) -> Iterator[str]:
        current = turns.take()
        try:
            if kept is None:
                yield _busy("There is no answer yet: ask for one first.")
                return
            for shown in self._worked_out(kept):
                if not current():
                    yield gr.skip()  # See `EvidencePanel`.
                    return
                yield f'<div class="shapley">{shown}</div>'
        except Exception as error:  # Whatever happens, the person reads one sentence.
            if current():
                yield trouble_line(sentence(error))

    def _worked_out(self, kept: Any) -> Iterator[str]:
        from mm_demo.evidence.elements import element_values

        yield _busy("Asking the model without each of its inputs…")
        parts = sorted(self._tab.parts(kept), key=list(self._names).index)
        done = ""
        if len(parts) > 1:
            whole = self._tab.whole_shares(kept)
            done = share_bar(whole, self._names, "The inputs as wholes: exact Shapley shares")
        found: dict[str, ElementValues] = {}
        for part in parts:
            probe = self._tab.probe(kept, part, None, DEFAULT)
            yield done + _busy(f"Asking the model without some of the {_MANY[part]}…")
            for values in element_values(probe, TOLERANCE, BUDGET, chunk=_CHUNK):
                found[part] = values
                shown = done + self._elements(kept, probe, values)
                yield shown if values.complete else shown + _busy(_progress(values))
            done = shown
        if len(found) > 1:
            yield done + _shares(found)

    def _elements(self, kept: Any, probe: Probe, values: ElementValues) -> str:
        title = f"What each {_ELEMENTS[probe.part]} adds to the {probe.unit} of “{probe.answer}”"
        told = f'<p class="heard">{escape(_told(probe, values))}</p>'
        if any(probe.labels):
            return value_bars(probe.labels, values.values, values.errors, title) + told
        return f'<p>{escape(title)}</p><div class="sides">{self._sides(kept, values.values)}</div>{told}'

    def _sides(self, kept: Any, values: np.ndarray) -> str:
        """What adds, and what takes away, under colours of their own: a map has no place for signs."""
        sides = (("what adds", values.clip(min=0)), ("what takes away", (-values).clip(min=0)))
        least = _DRAWN_FROM * float(np.abs(values).sum())
        return "".join(
            f"<figure>{self._tab.drawn(kept, side)}<figcaption>{said}: {float(side.sum()):.2f}</figcaption></figure>"
            for said, side in sides
            if float(side.sum()) >= least
        )


def _busy(said: str) -> str:
    return f'<p class="heard" role="status">{escape(said)}</p>'


def _progress(values: ElementValues) -> str:
    spent = 2 * values.pairs * len(values.values) / BUDGET
    return f"Sampling: {min(1.0, spent):.0%} of the budget is spent, {_largest_error(values)}."


def _largest_error(values: ElementValues) -> str:
    error = float(values.errors.max())
    return f"the largest standard error is {error:.3f}" if np.isfinite(error) else "the error is not known yet"


def _told(probe: Probe, values: ElementValues) -> str:
    """How certain the values are, why nothing more is asked, and what they sum to."""
    added, taken = float(values.values.clip(min=0).sum()), float(-values.values.clip(max=0).sum())
    sums = f"Together they add {added:.2f} and take away {taken:.2f}"
    stand_in = f"{sums}; in place of what is missing stands {REMOVALS.get(probe.removal, probe.removal)}."
    if not values.complete:
        return stand_in
    many, largest = _MANY[probe.part], _largest_error(values)
    if values.pairs == 0:
        asked = 2 ** len(values.values)
        return f"{stand_in} Exact: the model was asked with each of the {asked} choices of {many}."
    if float(values.errors.max()) <= TOLERANCE:
        return f"{stand_in} Sampled until the error was small enough: {largest}, after {values.pairs} pairs of orders."
    return f"{stand_in} Stopped because the budget of {BUDGET:,} variants is spent: {largest}."


def _shares(found: Mapping[str, ElementValues]) -> str:
    """MM-SHAP's shares, and how far sampling may have moved them."""
    from mm_demo.evidence.elements import mm_shares

    shares = mm_shares({part: one.values for part, one in found.items()})
    # Noise only ever enlarges a sum of magnitudes: less by their errors, the values bound it from the other side.
    certain = {part: np.maximum(np.abs(one.values) - one.errors, 0.0) for part, one in found.items()}
    least = mm_shares(certain)
    told = ", ".join(f"{_MM_SHARES[part]} {100 * share:.0f}\u00a0%" for part, share in shares.items())
    less = ", ".join(f"{100 * least[part]:.0f}\u00a0%" for part in shares)
    words = " and ".join(f"single {_MANY[part]}" for part in shares)
    meaning = (
        f"How much of all that {words} move the answer, up or down, each kind makes up while the other input stays "
        "whole (MM-SHAP, Parcalabescu & Frank 2023)."
    )
    if any(float(one.errors.max()) > 0 for one in found.values()):
        meaning += f" Sampling error enlarges these sums: with every value less its standard error, {less}."
    return f'<p class="mm-shares"><b>{escape(told)}</b> {escape(meaning)}</p>'
