"""The check under a map: parts are removed in the map's order and at random, and one line says what that shows.

It begins when the answer is on the screen, tells of its progress, and gives way to whatever the person asks next.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol

import gradio as gr

from mm_demo.ui.evidence.lines import REMOVALS, progress_line, trouble_line, verdict_line
from mm_demo.ui.evidence.shuffled import as_asked
from mm_demo.ui.pickers import DEFAULT
from mm_demo.ui.sentences import sentence
from mm_demo.ui.turns import Turns

if TYPE_CHECKING:
    from mm_demo.evidence.probe import Part, Probe
    from mm_demo.ui.evidence.known import Known

Updates = dict[Any, Any]
RANDOM_ORDERS = 10
STREAM: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private", "trigger_mode": "multiple"}
"""Several at once, because the newest must not wait for those it replaces: they notice and say no more."""


class Checked(Protocol):
    """What a tab knows of its answer; `kept` is whatever the tab keeps of it, never None."""

    def parts(self, kept: Any) -> Sequence[Part]:
        """The inputs whose map can be checked, the one to begin with first."""
        ...

    def removals(self, part: Part) -> Sequence[str]:
        """Names of the ways to remove pieces of this input, the default first."""
        ...

    def probe(self, kept: Any, part: Part, word: Any, removal: str) -> Probe:
        """The answer, or the chosen word of it, to be asked again with pieces missing."""
        ...

    def known(self, kept: Any, word: Any) -> Known | None:
        """What the picture's map should be about, where the picture was generated and the words say it."""
        ...


class EvidencePanel:
    """A switch, the line, and an unfold with the curves; wire it with `forget_at` and `follow`.

    Args:
        name: begins the components' ids.
        checked: what to ask.
        parts: the inputs whose map can be checked, with the words for them; a choice is offered where there are two.
        kept: the state that holds the tab's answer, None while there is none.
        word: the state that holds which word the person chose, as the tab keeps it; None for none.
    """

    def __init__(self, name: str, checked: Checked, parts: dict[Part, str], kept: gr.State, word: gr.State) -> None:
        self._checked, self._kept, self._word = checked, kept, word
        self._names = parts
        with gr.Column(elem_classes="evidence"):
            self.line = gr.HTML("", elem_id=f"{name}-verdict", padding=False)
            self.switch = gr.Checkbox(
                True, label="Check the map", container=False, elem_id=f"{name}-check", elem_classes="check"
            )
            with gr.Accordion("How it was checked", open=False, elem_id=f"{name}-evidence") as self.unfold:
                self.part = gr.Radio(
                    [(label, part) for part, label in parts.items()],
                    value=next(iter(parts)),
                    label="What is removed piece by piece",
                    visible=len(parts) > 1,
                    elem_id=f"{name}-evidence-part",
                )
                self.removal = gr.Radio(
                    [("the default", DEFAULT)],
                    value=DEFAULT,
                    label="What stands in place of the removed pieces",
                    elem_id=f"{name}-evidence-removal",
                )
                self.curves = gr.HTML("", elem_id=f"{name}-curves", padding=False)
        self.turns = gr.State(Turns())
        gr.on(
            [self.switch.input, self.part.input, self.removal.input], self._check, self._asked, self.outputs, **STREAM
        )

    @property
    def outputs(self) -> list[Any]:
        """What the check writes to."""
        return [self.line, self.curves, self.part, self.removal]

    @property
    def _asked(self) -> list[Any]:
        return [self._kept, self._word, self.switch, self.part, self.removal, self.turns]

    def forget_at(self, triggers: Sequence[Any]) -> None:
        """Ends the check and empties the line at these events: a new input or another question is on its way.

        Call it before wiring what these events start: the page begins the next event of one cause only when the one
        before is through, and a check that has begun by then would be ended.
        """
        gr.on(list(triggers), self._forget, self.turns, [self.line, self.curves], queue=False, **STREAM)

    def follow(self, answered: Any) -> Any:
        """Checks once this event is through: the answer that it brought, or its other map."""
        return answered.then(self._check, self._asked, self.outputs, **STREAM)

    def _forget(self, turns: Turns) -> list[str]:
        turns.take()
        return ["", ""]

    def _check(self, kept: Any, word: Any, on: bool, part: Part, removal: str, turns: Turns) -> Iterator[Updates]:
        current = turns.take()
        if kept is None or not on:
            yield {self.line: "", self.curves: ""}
            return
        try:
            for updates in self._measured(kept, word, part, removal):
                if not current():
                    # Gradio repeats what a stream said last when it ends; that would come back over what is there now.
                    yield {self.line: gr.skip()}
                    return
                yield updates
        except Exception as error:  # Whatever happens, the person reads one sentence where the verdict would stand.
            if current():
                yield {self.line: trouble_line(sentence(error)), self.curves: ""}

    def _measured(self, kept: Any, word: Any, part: Part, removal: str) -> Iterator[Updates]:
        from mm_demo.evidence.deletion import gather
        from mm_demo.evidence.verdict import judge
        from mm_demo.ui.evidence.known import truth_line
        from mm_demo.views.evidence_curves import deletion_curves

        parts = self._checked.parts(kept)
        if not parts:
            yield {self.line: "", self.curves: ""}
            return
        part = part if part in parts else parts[0]
        names = self._checked.removals(part)
        removal = removal if removal in names[1:] else DEFAULT
        choices = {
            self.part: gr.update(
                choices=[(self._names[one], one) for one in parts], value=part, visible=len(parts) > 1
            ),
            self.removal: gr.update(choices=_choices(names), value=removal),
        }
        probe = self._checked.probe(kept, part, word, names[0] if removal == DEFAULT else removal)
        probe = replace(probe, relevance=as_asked(probe.relevance))
        yield {**choices, self.line: progress_line(probe.answer, 0, RANDOM_ORDERS), self.curves: ""}
        known = self._checked.known(kept, word) if probe.shape else None
        truth = truth_line(known, probe.relevance.reshape(probe.shape)) if known and probe.shape else ""
        for evidence in gather(probe, random_orders=RANDOM_ORDERS):
            said = (
                verdict_line(judge(evidence))
                if evidence.complete
                else progress_line(probe.answer, len(evidence.random), RANDOM_ORDERS)
            )
            # The choices go with each: of two updates in quick succession the browser may show only the later one.
            curves = deletion_curves(
                evidence.fractions, evidence.first, evidence.last, evidence.random, probe.answer, probe.unit
            )
            yield {**choices, self.line: said + truth, self.curves: curves}


def _choices(names: Sequence[str]) -> list[tuple[str, str]]:
    first, *others = names
    return [(f"{REMOVALS.get(first, first)} (recommended)", DEFAULT), *((REMOVALS.get(n, n), n) for n in others)]
