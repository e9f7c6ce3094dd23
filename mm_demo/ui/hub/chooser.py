"""The choice of a task's model, near the other choices of its tab."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import Any

import gradio as gr

from mm_demo.models.catalog import cards_for, find_card
from mm_demo.ui.hub.naming import is_here
from mm_demo.ui.models import Models
from mm_demo.ui.sentences import sentence
from mm_demo.ui.status import status_line

Updates = dict[Any, Any]


class ModelChooser:
    """A list of the models on this machine that can do the task.

    What the tab shows of another model is cleared at `chosen.change`, wherever the model was chosen.

    Args:
        task: its name.
        models: holds the tasks.
        line: the status line.

    Attributes:
        chosen: the state that holds the id of the model that was chosen last; "" until one is.
    """

    def __init__(self, task: str, models: Models, line: gr.HTML) -> None:
        self._task, self._models, self._line = task, models, line
        self.list = gr.Dropdown([], label="Model", elem_id=f"{task}-model", scale=2, min_width=180)
        self.said = gr.HTML("", elem_id=f"{task}-model-said", padding=False, visible=False)
        self.chosen = gr.State("")
        # Several at once: who changes their mind must not wait for the first choice to be loaded.
        self.list.input(
            self._picked,
            self.list,
            self.outputs,
            show_progress="hidden",
            api_visibility="private",
            trigger_mode="multiple",
        )

    @property
    def outputs(self) -> list[Any]:
        """What `take` and `renewed` update."""
        return [self.list, self.said, self.chosen, self._line]

    def filled(self) -> Any:
        """The list's update: the models that are on this machine by now, and the calling session's own."""
        task = self._models.ready(self._task)
        if task is None:
            return gr.skip()
        names = [card.id for card in cards_for(self._task) if is_here(card.id)]
        default = self._models.ready(self._task, "")
        names += [task.info.id, *self._models.opened(self._task), *([default.info.id] if default is not None else [])]
        value = self._models.loading(self._task) or task.info.id
        return gr.update(choices=[(_title(name), name) for name in dict.fromkeys(names)], value=value)

    def take(self, model: str) -> Iterator[tuple[str, Updates]]:
        """Loads a model and makes it the calling session's: sentences on how that goes, with what the tab shows."""
        task = self._models.ready(self._task)
        if not model or (task is not None and task.info.id == model and self._models.loading(self._task) is None):
            yield "", {self.list: self.filled()}
            return
        load = self._models.want(self._task, model)
        said = f"Loading {_title(model)}…"
        yield said, {self._line: status_line(self._models), self.said: _said(said, "status")}
        try:
            taken = load()
        except Exception as error:  # Whatever happens, the person reads one sentence and keeps the model they had.
            said = sentence(error)
            yield said, {**self._settled(), self.said: _said(said, "alert")}
            return
        if taken is not None:
            said = f"{_title(taken.info.id)} is your model for this task now."
            yield said, self.renewed()

    def renewed(self) -> Updates:
        """The calling session has another model than before."""
        task = self._models.ready(self._task)
        return {**self._settled(), self.said: _said("", "status"), self.chosen: "" if task is None else task.info.id}

    def _picked(self, model: str) -> Iterator[Updates]:
        for _, updates in self.take(model):
            yield updates

    def _settled(self) -> Updates:
        return {self.list: self.filled(), self._line: status_line(self._models)}


def _title(model: str) -> str:
    card = find_card(model)
    return card.title if card is not None else model


def _said(text: str, role: str) -> Any:
    kind = "speech-message" if role == "alert" else "heard"
    return gr.update(value=f'<p class="{kind}" role="{role}">{escape(text)}</p>', visible=bool(text))
