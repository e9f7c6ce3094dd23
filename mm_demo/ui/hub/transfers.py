"""Downloads of models: each in a thread of its own that belongs to the app, watched by everybody who looks."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from mm_demo.models.catalog import find_card
from mm_demo.ui.sentences import sentence

if TYPE_CHECKING:
    from mm_demo.models.hub.getting import Progress

_ENDS_WITHIN = 10.0
"""Seconds; a read from a server that has fallen silent ends later."""


@dataclass
class Transfer:
    """One model's download.

    Attributes:
        model: its id.
        task: what it was asked for.
        state: where it stands; one that was cancelled goes on from there when it is begun again.
        progress: None until something has arrived.
        problem: the sentence for "failed".
        cancel: set it to stop soon.
        ended: set once nothing is written any more.
    """

    model: str
    task: str
    state: Literal["running", "done", "cancelled", "failed"] = "running"
    progress: Progress | None = None
    problem: str = ""
    cancel: threading.Event = field(default_factory=threading.Event)
    ended: threading.Event = field(default_factory=threading.Event)


class Transfers:
    """All downloads since the app was started, one a model. Closing a page ends none of them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._all: dict[str, Transfer] = {}

    @property
    def busy(self) -> bool:
        """Whether anything is being downloaded."""
        return any(transfer.state == "running" for transfer in self.all())

    def all(self) -> list[Transfer]:
        """Every model's last download, in the order in which they were first asked for."""
        with self._lock:
            return list(self._all.values())

    def of(self, model: str) -> Transfer | None:
        """The last download of a model."""
        return self._all.get(model)

    def begin(self, model: str, task: str) -> Transfer:
        """Downloads a model; joins in where somebody else is already at it.

        Args:
            model: a hub id.
            task: what it is wanted for.
        """
        with self._lock:
            before = self._all.get(model)
            if before is not None and before.state == "running" and not before.cancel.is_set():
                return before
            # A name that was mistyped needs to be told of only until the next one.
            self._all = {name: t for name, t in self._all.items() if t.state != "failed" or find_card(name)}
            transfer = self._all[model] = Transfer(model, task)
        threading.Thread(target=self._run, args=(transfer, before), name=f"get-{model}", daemon=True).start()
        return transfer

    def cancel(self, model: str) -> None:
        """Ends a download soon; what has arrived is kept."""
        transfer = self.of(model)
        if transfer is not None:
            transfer.cancel.set()

    def forget(self, model: str) -> None:
        """Ends a download if it has been begun, waits until nothing is written any more, and forgets it."""
        with self._lock:
            transfer = self._all.pop(model, None)
        if transfer is not None:
            transfer.cancel.set()
            transfer.ended.wait(_ENDS_WITHIN)

    def _run(self, transfer: Transfer, before: Transfer | None) -> None:
        from mm_demo.models.hub.getting import Cancelled, get

        if before is not None:
            before.ended.wait()  # Two at once would write to the same files.

        def tell(progress: Progress) -> None:
            transfer.progress = progress

        try:
            get(transfer.model, progress=tell, cancel=transfer.cancel)
            transfer.state = "done"
        except Cancelled:
            transfer.state = "cancelled"
        except Exception as error:  # Whatever happens, people read one sentence beside the model.
            transfer.problem = sentence(error)
            transfer.state = "failed"
        finally:
            transfer.ended.set()
