"""A whole comparison in one call."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch

from mm_demo.lab.data.catalog import open_data
from mm_demo.lab.data.dataset import Dataset
from mm_demo.lab.experiment import Experiment, known
from mm_demo.lab.report.comparison import Comparison
from mm_demo.lab.training.control import Control
from mm_demo.lab.training.plan import Plan
from mm_demo.lab.training.state import Progress


def compare(
    data: Dataset | str,
    strategies: Sequence[str] | None = None,
    seeds: int = 5,
    device: torch.device | str = "cpu",
    control: Control | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> Comparison:
    """Train strategies on the same data with the same budget, and measure them.

    Args:
        data: a data set, or a name or path for `open_data`.
        strategies: names from `mm_demo.fusion.STRATEGIES`; None for all.
        seeds: how many of each, numbered from 0.
        device: where to train.
        control: stops it from another thread; what is through by then is reported.
        progress: called after every epoch.

    Raises:
        mm_demo.errors.UserError: no such data or strategy, or something is wrong with the data.
    """
    chosen = known(strategies)
    opened = open_data(data) if isinstance(data, str) else data
    experiment = Experiment(opened, chosen, Plan(seeds=tuple(range(seeds))), device)
    for event in experiment.train(control):
        if progress is not None:
            progress(event)
    return Comparison.of(experiment.data, experiment.plan, experiment.rows())
