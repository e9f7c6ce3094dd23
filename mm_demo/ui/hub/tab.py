"""The Models tab: which models there are, what they are good for, where they stand; getting and choosing them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import gradio as gr

from mm_demo.errors import UserError
from mm_demo.models.catalog import find_card
from mm_demo.models.hub.sizes import megabytes
from mm_demo.ui.hub.chooser import ModelChooser
from mm_demo.ui.hub.listing import TASKS, listing
from mm_demo.ui.hub.naming import MODELS_TAB, WHY_NOT, is_folder, is_here, may_change, own_user, read_name
from mm_demo.ui.hub.transfers import Transfers
from mm_demo.ui.models import Models
from mm_demo.ui.sentences import sentence

Updates = dict[Any, Any]
_FOLDER = Path(__file__).parent
_EVERY = 1.0
"""Seconds between two looks at how far a download has come."""
_QUIET: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}


class ModelsTab:
    """Draws the tab and wires it.

    Args:
        models: what the app serves.
        choosers: task → the choice of its model in its own tab.
        local: whether the page is for this machine's own user, who may fill its disk and open its folders.
    """

    def __init__(self, models: Models, choosers: Mapping[str, ModelChooser], local: bool) -> None:
        self._models, self._choosers, self._local = models, choosers, local
        self._transfers = Transfers()
        with gr.Row(elem_id="models-other"):
            self.name = gr.Textbox(
                label="Another model: its id on the hub" + (", or a folder of this machine" if local else ""),
                placeholder="owner/name",
                lines=1,
                scale=4,
                min_width=220,
                elem_id="models-name",
            )
            self.task = gr.Dropdown(
                [(title.partition(":")[0], task) for task, title in TASKS.items() if task in models.names],
                value=models.names[0],
                label="For",
                scale=2,
                min_width=160,
                elem_id="models-task",
            )
            button = gr.Button("Get or use it", scale=1, min_width=120, elem_id="models-open")
        self.view = gr.HTML(
            value={"groups": []},
            html_template=(_FOLDER / "view.html").read_text(),
            css_template=(_FOLDER / "view.css").read_text(),
            js_on_load=(_FOLDER / "view.js").read_text(),
            apply_default_css=False,
            elem_id="models-list",
        )
        self.timer = gr.Timer(_EVERY, active=False)
        shown = [self.view, self.timer]
        outputs = list(dict.fromkeys([*shown, *(one for c in choosers.values() for one in c.outputs)]))
        # Several at once: getting a model must not wait for another one to be loaded.
        several = {**_QUIET, "trigger_mode": "multiple"}
        self.timer.tick(self._look, None, shown, queue=False, **_QUIET)
        self.view.select(self._act, None, outputs, **several)
        gr.on([button.click, self.name.submit], self._named, [self.name, self.task], outputs, **several)

    def follow(self, tabs: gr.Tabs) -> None:
        """Shows how things stand whenever this tab is opened, and watches downloads only while it is."""

        def opened(event: gr.SelectData, request: gr.Request) -> list[Any]:
            if event.value != MODELS_TAB:
                return [gr.skip(), gr.Timer(active=False)]
            return [self._shown(request, ""), gr.Timer(active=self._transfers.busy)]

        tabs.select(opened, None, [self.view, self.timer], queue=False, **_QUIET)

    def _look(self, request: gr.Request) -> list[Any]:
        return [self._shown(request, None), gr.Timer(active=self._transfers.busy)]

    def _act(self, event: gr.EventData, request: gr.Request) -> Iterator[Updates]:
        action, model, task = str(event.action), str(event.model), str(event.task)
        yield from self._done(action, model, task, request, f"{task} {model}")

    def _named(self, text: str, task: str, request: gr.Request) -> Iterator[Updates]:
        try:
            model = read_name(text, task, own_user(self._local, request))
        except UserError as error:
            yield self._now(request, str(error))
            return
        yield from self._done("use" if is_here(model) else "get", model, task, request)

    def _done(
        self, action: str, model: str, task: str, request: gr.Request, about: str | None = None
    ) -> Iterator[Updates]:
        """Does what was asked for; `about` names the row that is to say how it went, None for the top of the list."""
        try:
            if action == "use" and task in self._choosers:
                read_name(model, task, own_user(self._local, request))
                for said, updates in self._choosers[task].take(model):
                    yield {**self._now(request, said, about), **updates}
                return
            if not may_change(self._local, request):
                raise UserError(WHY_NOT)
            said = self._change(action, model, task)
            # First what the session has from now on, then the list that tells of it.
            updates = self._without(model) if action == "free" else {}
            yield {**updates, **self._now(request, said, about)}
        except Exception as error:  # Whatever happens, the person reads one sentence.
            yield self._now(request, sentence(error), about)

    def _change(self, action: str, model: str, task: str) -> str:
        """Does it, and says what was done."""
        card = find_card(model)
        if (card is not None and card.tier == "embedded") or is_folder(model):
            raise UserError("This model is not the hub's: it can be neither downloaded nor deleted here.")
        if action == "get":
            self._transfers.begin(read_name(model, task, own=False), task)
            return f"Getting {model}: closing this page does not end that."
        if action == "cancel":
            self._transfers.cancel(model)
            return "What has arrived is kept: getting it again goes on from there."
        if action == "free":
            return self._free(model)
        raise UserError("This page is older than the app: reload it.")

    def _free(self, model: str) -> str:
        from mm_demo.models.hub.cache import free
        from mm_demo.models.loading import forget_deleted

        self._transfers.forget(model)
        freed = free(model)
        forget_deleted()
        return f"{model} is deleted: {megabytes(freed)} are free again."

    def _without(self, deleted: str) -> Updates:
        """Updates of the tabs whose model is deleted."""
        back = self._models.let_go(deleted)
        return {key: update for task in back for key, update in self._choosers[task].renewed().items()}

    def _now(self, request: gr.Request, said: str, about: str | None = None) -> Updates:
        return {self.view: self._shown(request, said, about), self.timer: gr.Timer(active=self._transfers.busy)}

    def _shown(self, request: gr.Request, said: str | None, about: str | None = None) -> dict[str, Any]:
        """What the list shows; `said` is None where what it said last still stands."""
        allowed = may_change(self._local, request)
        return {
            "groups": listing(self._models, self._transfers, allowed),
            "why": "" if allowed else WHY_NOT,
            "said": said,
            "about": about,
        }
