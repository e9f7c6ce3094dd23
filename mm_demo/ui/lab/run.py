"""One person's training: it goes on in a thread of its own, and ends with whoever watches it."""

from __future__ import annotations

from collections.abc import Iterator
from queue import Empty, Queue
from threading import Thread
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from mm_demo.lab import Comparison, Experiment, Plan, Progress
    from mm_demo.lab.data.dataset import Dataset

_HEARTBEAT = 0.5
"""Seconds between two looks while nothing happens: a page that was closed is noticed at the next."""


class Learning(NamedTuple):
    """An epoch is through."""

    progress: Progress


class Measuring(NamedTuple):
    """A strategy has been trained and is being measured."""

    strategy: str


class Waiting(NamedTuple):
    """Nothing has happened for a while."""


class Finished(NamedTuple):
    """It is over. `comparison` holds what is through; None if nothing is."""

    comparison: Comparison | None


class Failed(NamedTuple):
    """It is over, by an error."""

    error: Exception


Event = Learning | Measuring | Waiting | Finished | Failed


class Run:
    """An experiment under way, which others may pause and stop.

    Args:
        experiment: what to train.

    Attributes:
        experiment: the same.
        over: whether it has ended, through or stopped.
        comparison: what was found, once it is over.
        curves: strategy → validation accuracy after each epoch, mean over the seeds, 0…1.
    """

    def __init__(self, experiment: Experiment) -> None:
        from mm_demo.lab import Control

        self.experiment = experiment
        self.over = False
        self.comparison: Comparison | None = None
        self.curves: dict[str, list[float]] = {}
        self.control: Control = Control()
        self._events: Queue[Event] = Queue()

    @classmethod
    def after(cls, before: Run | None, data: Dataset, strategies: list[str], plan: Plan) -> Run:
        """A run that does not train again what the one before trained on the same data with the same budget.

        A strategy's result depends on nothing that was trained beside it, so that it may be taken over, whole or
        where it was stopped.
        """
        from mm_demo.lab import Experiment
        from mm_demo.lab.run_folder import fingerprint

        run = cls(Experiment(data, strategies, plan))
        if before is None or not before.over or before.experiment.plan != plan:
            return run
        if fingerprint(before.experiment.data) != fingerprint(data):
            return run
        kept = {name: fit.state for name, fit in before.experiment.fits.items() if name in run.experiment.names}
        run = cls(Experiment(data, strategies, plan, states=kept))
        run.curves = {name: curve for name, curve in before.curves.items() if name in kept}
        return run

    def watch(self) -> Iterator[Event]:
        """Train; the last event is `Finished` or `Failed`. Closing the iterator stops the training."""
        Thread(target=self._work, name="fusion-lab", daemon=True).start()
        try:
            while True:
                try:
                    event = self._events.get(timeout=_HEARTBEAT)
                except Empty:
                    event = Waiting()
                if isinstance(event, Learning):
                    seen = event.progress
                    self.curves.setdefault(seen.strategy, []).append(float(seen.validation_accuracy.mean()))
                elif isinstance(event, Finished):
                    self.over, self.comparison = True, event.comparison
                yield event
                if isinstance(event, Finished | Failed):
                    return
        finally:
            self.control.cancel()

    def _work(self) -> None:
        from mm_demo.lab import Comparison

        try:
            for progress in self.experiment.train(self.control):
                self._events.put(Learning(progress))
                if progress.done:
                    self._events.put(Measuring(progress.strategy))
                    self.experiment.rows()  # kept there, so that the end is not one long wait
            rows = self.experiment.rows()
            through = any(not row.control for row in rows)
            comparison = Comparison.of(self.experiment.data, self.experiment.plan, rows) if through else None
            self._events.put(Finished(comparison))
        except Exception as error:
            self._events.put(Failed(error))
