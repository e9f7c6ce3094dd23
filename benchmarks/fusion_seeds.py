"""What training all seeds at once saves, against training each seed and rate alone with the same code.

    python -m benchmarks.fusion_seeds [--strategies A,B] [--rounds 3] [--threads 2]

In every round each strategy trains for five epochs on the dial, five seeds, both ways, in turning order; printed
are the medians of the rounds' ratios with their range, of the wall clock and of the processor's time.
"""

from __future__ import annotations

import argparse
import statistics
import time
from dataclasses import replace
from typing import NamedTuple

import torch

from mm_demo.lab.data.dataset import Dataset
from mm_demo.lab.data.dial import PRESETS, dial
from mm_demo.lab.experiment import known
from mm_demo.lab.training.fit import Fit
from mm_demo.lab.training.plan import Plan


class Seconds(NamedTuple):
    """One training's wall clock and processor time."""

    wall: float
    processor: float


def main() -> None:
    """Print a line for every strategy, and one for all."""
    parser = argparse.ArgumentParser(description="Training all seeds at once against one by one, in one run.")
    parser.add_argument("--strategies", help="default: all")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    data = dial(PRESETS["synergy"], "synergy")
    totals: dict[bool, list[Seconds]] = {True: [], False: []}
    print(f"{options.threads} threads, {options.rounds} rounds: one by one / at once")
    for name in known(options.strategies.split(",") if options.strategies else None):
        found: dict[bool, list[Seconds]] = {True: [], False: []}
        for turn in range(options.rounds + 1):
            for at_once in (True, False) if turn % 2 else (False, True):
                seconds = _training(name, data, at_once)
                if turn:  # the first round warms up
                    found[at_once].append(seconds)
        _line(name, found)
        for way, measured in found.items():
            totals[way].append(Seconds(*map(statistics.median, zip(*measured, strict=True))))
    sums = {way: [Seconds(*map(sum, zip(*measured, strict=True)))] for way, measured in totals.items()}
    _line("all together", sums)


def _training(name: str, data: Dataset, at_once: bool) -> Seconds:
    """All rates for an epoch, one of them for five: as in a real training, whose trial is the shorter part, too."""
    plan = replace(Plan(), trial=1, epochs=5)
    wall, processor = time.perf_counter(), time.process_time()
    if at_once:
        _run(Fit(name, data, plan))
    else:
        for seed in plan.seeds:
            for i, rate in enumerate(plan.rates):
                epochs = 1 if i else plan.epochs
                alone = replace(plan, seeds=(seed,), rates=(rate,), epochs=epochs)
                _run(Fit(name, data, alone, vectorise=False))
    return Seconds(time.perf_counter() - wall, time.process_time() - processor)


def _run(fit: Fit) -> None:
    for _ in fit.train():
        pass


def _line(name: str, found: dict[bool, list[Seconds]]) -> None:
    parts = []
    for clock in Seconds._fields:
        ratios = [getattr(s, clock) / getattr(v, clock) for s, v in zip(found[False], found[True], strict=True)]
        at_once = statistics.median(getattr(seconds, clock) for seconds in found[True])
        parts.append(
            f"{clock} {statistics.median(ratios):.2f} [{min(ratios):.2f}, {max(ratios):.2f}], {at_once:.2f} s at once"
        )
    print(f"  {name:20s} {'; '.join(parts)}", flush=True)


if __name__ == "__main__":
    main()
