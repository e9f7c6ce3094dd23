"""Downloads belong to the app: one a model, watched by all, ended by whoever cancels, gone on with later."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mm_demo.errors import UserError
from mm_demo.models.hub import getting
from mm_demo.models.hub.getting import Cancelled, Progress
from mm_demo.ui.hub.listing import duration, progress_text, speed
from mm_demo.ui.hub.transfers import Transfer, Transfers
from mm_demo.ui.models import UNEXPECTED

ID = "Salesforce/blip-vqa-base"


class Hub:
    """Stands in for `getting.get`: goes on when it is told to."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.writing = 0
        self.go = threading.Event()
        self.problem: Exception | None = None

    def get(self, model: str, *, progress: Callable[[Progress], None], cancel: threading.Event, **_: Any) -> Path:
        self.calls.append(model)
        self.writing += 1
        assert self.writing == 1, "two at once would write to the same files"
        try:
            progress(Progress(43, 100, 12e6, 40.0))
            while not self.go.wait(0.01):
                if cancel.is_set():
                    raise Cancelled("cancelled")
            if self.problem is not None:
                raise self.problem
            return Path("there")
        finally:
            self.writing -= 1


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Hub:
    stand_in = Hub()
    monkeypatch.setattr(getting, "get", stand_in.get)
    return stand_in


def test_who_asks_again_joins_in(hub: Hub) -> None:
    transfers = Transfers()
    first = transfers.begin(ID, "vqa")
    assert transfers.begin(ID, "vqa") is first and transfers.busy
    hub.go.set()
    assert first.ended.wait(10) and first.state == "done" and hub.calls == [ID] and not transfers.busy
    assert first.progress == Progress(43, 100, 12e6, 40.0)


def test_after_a_cancellation_the_next_one_waits_until_nothing_is_written_any_more(hub: Hub) -> None:
    transfers = Transfers()
    first = transfers.begin(ID, "vqa")
    transfers.cancel(ID)
    second = transfers.begin(ID, "vqa")
    assert second is not first
    hub.go.set()
    assert second.ended.wait(10) and second.state == "done" and first.state in ("cancelled", "done")


@pytest.mark.parametrize(
    ("problem", "said"), [(UserError("The disk is full."), "The disk is full."), (RuntimeError("/secret"), UNEXPECTED)]
)
def test_what_goes_wrong_is_one_sentence(hub: Hub, problem: Exception, said: str) -> None:
    hub.problem = problem
    hub.go.set()
    transfers = Transfers()
    transfer = transfers.begin(ID, "vqa")
    assert transfer.ended.wait(10) and (transfer.state, transfer.problem) == ("failed", said)
    hub.problem = None
    again = transfers.begin(ID, "vqa")
    assert again.ended.wait(10) and again.state == "done"


def test_a_mistyped_name_is_gone_with_the_next_one(hub: Hub) -> None:
    hub.problem = UserError("There is no such model.")
    hub.go.set()
    transfers = Transfers()
    for name in ("someone/tpyo", ID, "someone/right"):
        assert transfers.begin(name, "vqa").ended.wait(10)
    assert [transfer.model for transfer in transfers.all()] == [ID, "someone/right"]


def test_forgetting_ends_a_download_first(hub: Hub) -> None:
    transfers = Transfers()
    transfer = transfers.begin(ID, "vqa")
    transfers.forget(ID)
    assert transfer.state == "cancelled" and hub.writing == 0 and transfers.of(ID) is None
    transfers.forget(ID)


def test_progress_as_people_say_it() -> None:
    transfer = Transfer(ID, "vqa")
    assert progress_text(transfer) == "downloading…"
    transfer.progress = Progress(439, 1000, 12.34e6, 40.2)
    assert progress_text(transfer) == "downloading 43 %, 12 MB/s, 40 s left"
    transfer.progress = Progress(1, 1000, 640e3, None)
    assert progress_text(transfer) == "downloading 0 %, 640 kB/s"
    transfer.cancel.set()
    assert progress_text(transfer) == "stopping…"
    assert [duration(s) for s in (0.2, 59, 61, 3599, 4800)] == ["1 s", "59 s", "1 min", "1 h 0 min", "1 h 20 min"]
    assert [speed(v) for v in (0, 640e3, 1.26e6, 12.3e6)] == ["0 kB/s", "640 kB/s", "1.3 MB/s", "12 MB/s"]
