"""What the models' list shows: every card of the catalog with where it stands, grouped by task."""

from __future__ import annotations

from typing import Any, TypedDict

from mm_demo.models.catalog import CATALOG, ModelCard, find_card
from mm_demo.models.hub.sizes import megabytes
from mm_demo.ui.hub.naming import is_folder, is_here
from mm_demo.ui.hub.transfers import Transfer, Transfers
from mm_demo.ui.models import Models

TASKS = {
    "caption": "Caption: pictures into sentences",
    "vqa": "Questions about pictures",
    "sentiment": "Speech: the sentiment of voice and words",
    "retrieval": "Search: pictures by words or by a picture",
    "transcription": "Speech to text, for the speech tab",
}


class Row(TypedDict):
    """One model under one task, all as it is to be read.

    `state` is "embedded", "here", "partly", "absent", "downloading" or "failed"; `done` in 0…1, None where nothing is
    being downloaded; `actions` of "get", "cancel", "free" and "use".
    """

    model: str
    task: str
    title: str
    about: str
    facts: str
    state: str
    status: str
    done: float | None
    used: bool
    actions: list[str]


def listing(models: Models, transfers: Transfers, may_change: bool) -> list[dict[str, Any]]:
    """A group for every task: its `task`, `title` and `rows`.

    Args:
        models: what the calling session chose.
        transfers: what is being downloaded.
        may_change: whether to offer downloads and deletion.
    """
    states = {card.id: _Standing(card.id, card, transfers.of(card.id)) for card in CATALOG}
    groups: list[dict[str, Any]] = []
    for task, title in TASKS.items():
        ready = models.ready(task)
        used = ready.info.id if ready is not None else None
        foreign = [t.model for t in transfers.all() if t.task == task and find_card(t.model) is None]
        foreign += models.opened(task)
        names = list(dict.fromkeys([*(card.id for card in CATALOG if task in card.tasks), *foreign]))
        rows = []
        for name in names:
            if name not in states:
                states[name] = _Standing(name, None, transfers.of(name))
            rows.append(_row(states[name], task, used == name, may_change, task in models.names))
        groups.append({"task": task, "title": title, "rows": rows})
    return groups


class _Standing:
    """Where one model stands on this machine."""

    def __init__(self, model: str, card: ModelCard | None, transfer: Transfer | None) -> None:
        from mm_demo.models.hub.cache import bytes_here

        self.model, self.card = model, card
        self.done: float | None = None
        self.deletable = False
        whole = card.size_bytes if card is not None else 0
        if transfer is not None and transfer.state == "running":
            self.state, self.status = "downloading", progress_text(transfer)
            progress = transfer.progress
            self.done = progress.done / progress.total if progress is not None and progress.total else 0.0
        elif card is not None and card.tier == "embedded":
            self.state, self.status = "embedded", "comes with the app"
        elif is_here(model):
            found = 0 if is_folder(model) else bytes_here(model)
            self.deletable = found > 0
            self.state, self.status = "here", "on this machine" + (f", {megabytes(found)}" if found else "")
        else:
            found = bytes_here(model)
            self.deletable = found > 0
            partly = f"partly here: {megabytes(found)}" + (f" of {megabytes(whole)}" if whole else "")
            self.state, self.status = ("partly", partly) if found else ("absent", "not on this machine")
            if transfer is not None and transfer.state == "failed":
                self.state, self.status = "failed", transfer.problem

    def actions(self, may_change: bool, used: bool, served: bool) -> list[str]:
        """What can be done with it now."""
        offered = ["use"] if served and self.state in ("embedded", "here") and not used else []
        if may_change and self.state == "downloading":
            offered.append("cancel")
        if may_change and self.state in ("absent", "partly", "failed"):
            offered.append("get")
        return [*offered, "free"] if may_change and self.deletable else offered


def _row(standing: _Standing, task: str, used: bool, may_change: bool, served: bool) -> Row:
    card = standing.card
    facts = []
    if card is not None:
        facts = [megabytes(card.size_bytes), card.licence, f"needs {megabytes(card.memory_bytes)} of memory"]
    return Row(
        model=standing.model,
        task=task,
        title=card.title if card is not None else standing.model,
        about=card.good_for if card is not None else "Opened by its name; this app knows no more of it.",
        facts=" · ".join(facts),
        state=standing.state,
        status=standing.status,
        done=standing.done,
        used=used,
        actions=standing.actions(may_change, used, served),
    )


def progress_text(transfer: Transfer) -> str:
    """As people say it: "downloading 43 %, 12 MB/s, 40 s left"."""
    if transfer.cancel.is_set():
        return "stopping…"
    progress = transfer.progress
    if progress is None or not progress.total:
        return "downloading…"
    said = [f"downloading {int(100 * progress.done / progress.total)} %", speed(progress.bytes_per_second)]
    if progress.seconds_left is not None:
        said.append(f"{duration(progress.seconds_left)} left")
    return ", ".join(said)


def speed(bytes_per_second: float) -> str:
    """A speed as people say it: "640 kB/s", "12 MB/s"."""
    if bytes_per_second < 1e6:
        return f"{bytes_per_second / 1e3:.0f} kB/s"
    return f"{bytes_per_second / 1e6:.{1 if bytes_per_second < 1e7 else 0}f} MB/s"


def duration(seconds: float) -> str:
    """A time as people say it: "40 s", "3 min", "1 h 20 min"."""
    if seconds < 60:
        return f"{max(1, round(seconds))} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"
