"""`fusion`: train fusion strategies side by side on the same data, measure them, and break a modality."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mm_demo.commands.arguments import whole_number
from mm_demo.commands.report import Report, table
from mm_demo.errors import UserError

if TYPE_CHECKING:
    import torch

    from mm_demo.lab.data.dataset import Dataset
    from mm_demo.lab.experiment import Experiment
    from mm_demo.lab.information import Information
    from mm_demo.lab.report.comparison import Comparison
    from mm_demo.lab.training.state import Progress

SEEDS = 5
HELP = "compare fusion strategies on data whose interactions are known, or on your own"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--data",
        default="synergy",
        metavar="NAME|PATH",
        help="redundancy, unique, additive, synergy (the default), sequence, questions, digits, voices, or your own:"
        " an .npz or a folder of .npy files with labels, modalities and, optionally, split",
    )
    parser.add_argument("--strategies", metavar="A,B", help="which to train (default: all)")
    parser.add_argument(
        "--seeds", type=whole_number(1, 50), metavar="N", help=f"models of each strategy (default {SEEDS})"
    )
    parser.add_argument(
        "--recordings",
        type=Path,
        metavar="DIR",
        help="digits: folder of the Free Spoken Digit Dataset's recordings; voices: folder with emodb/ (the Berlin"
        " Database of Emotional Speech) and goemotions/",
    )
    parser.add_argument("--save", type=Path, metavar="FILE", help="also write a table: .csv, .json, .md or .tex")
    parser.add_argument(
        "--run",
        dest="folder",
        type=Path,
        metavar="DIR",
        help="keep the trained models here, after every strategy; a run that is there already is gone on with",
    )
    parser.add_argument(
        "--beside", type=Path, metavar="DIR", help="also show the accuracies of a run that was kept with --run"
    )


def run(arguments: argparse.Namespace) -> Report:
    if arguments.model is not None:
        raise UserError("`fusion` trains its own small models and takes no --model: leave it out.")

    from mm_demo.lab import EXPORTS, Comparison, load_report, open_data, save_run
    from mm_demo.lab.experiment import known
    from mm_demo.models.device import choose_device

    target: Path | None = arguments.save
    if target is not None and target.suffix.removeprefix(".") not in EXPORTS:
        raise UserError(f"“{target.name}” is no table: end its name in {', '.join(f'.{e}' for e in EXPORTS)}.")
    if target is not None and not target.parent.is_dir():
        raise UserError(f"There is no folder “{target.parent}” to save into: make it first.")
    named = None if arguments.strategies is None else [s.strip() for s in arguments.strategies.split(",") if s.strip()]
    strategies = None if named is None else known(named)  # before the data, which may take a while
    beside = None if arguments.beside is None else load_report(arguments.beside)["report"]
    # Small models on a CPU's own memory are quicker there than on most accelerators.
    device = choose_device(arguments.device or "cpu").device
    data = open_data(arguments.data, arguments.recordings)
    experiment = _experiment(arguments.folder, data, strategies, arguments.seeds, device)
    for event in experiment.train():
        _show(event)
        if event.done and arguments.folder is not None:
            save_run(experiment, arguments.folder)
    comparison = Comparison.of(experiment.data, experiment.plan, experiment.rows())
    if target is not None:
        target.write_text(EXPORTS[target.suffix.removeprefix(".")](comparison), encoding="utf-8")
    found = comparison.to_json()
    said = _text(comparison)
    if beside is not None:
        said += "\n\n" + _side_by_side(found, beside, arguments.beside.name)
    return Report({**found, "beside": beside} if beside is not None else found, said)


def _experiment(
    folder: Path | None, data: Dataset, strategies: list[str] | None, seeds: int | None, device: torch.device
) -> Experiment:
    """A new experiment, or the one that the folder keeps.

    Raises:
        UserError: the folder keeps one on other data, or of other strategies or seeds than are asked for.
    """
    from mm_demo.lab import Experiment, load_run
    from mm_demo.lab.training.plan import Plan

    if folder is None or not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        return Experiment(data, strategies, Plan(seeds=tuple(range(seeds or SEEDS))), device)
    kept = load_run(folder, data, device)
    other = strategies is not None and strategies != kept.strategies
    if other or (seeds is not None and seeds != len(kept.plan.seeds)):
        raise UserError(
            f"The run in “{folder}” is of {len(kept.plan.seeds)} seeds of {', '.join(kept.strategies)}: leave"
            " --strategies and --seeds out to go on with it, or name another folder."
        )
    return kept


def _show(event: Progress) -> None:
    """One line a strategy on standard error."""
    if event.done:
        accuracy = 100 * float(event.validation_accuracy.mean())
        print(
            f"{event.strategy}: {event.epoch} epochs, validation accuracy {accuracy:.1f} %", file=sys.stderr, flush=True
        )


def _text(comparison: Comparison) -> str:
    from mm_demo.lab.report.tables import people_table

    headings, rows = people_table(comparison)
    seeds = len(comparison.plan.seeds)
    sentences = "\n".join(f"{name}: {sentence}" for name, sentence in comparison.verdicts.items())
    parts = [
        f"{comparison.title} ({comparison.examples['test']:,} test examples, {seeds} seed{'s' if seeds > 1 else ''};"
        f" chance {100 * comparison.chance:.1f} %)",
        table(rows, headings),
        sentences,
    ]
    if comparison.information is not None:
        parts.append(_information(comparison.information))
    return "\n\n".join(parts)


def _side_by_side(found: dict[str, Any], beside: dict[str, Any], name: str) -> str:
    """Accuracies of both runs for whatever is in either."""
    from mm_demo.lab.metrics.estimates import Estimate

    here, there = (
        {row["strategy"]: Estimate.of(row["accuracy"]["seeds"]).percent for row in run["rows"]}
        for run in (found, beside)
    )
    rows = [[key, *(run.get(key, "—") for run in (here, there))] for key in dict.fromkeys([*here, *there])]
    return table(rows, ["strategy", f"this run ({found['data']})", f"{name} ({beside['data']})"])


def _information(found: Information) -> str:
    bits = found.bits
    how = "exact" if found.exact else "at least, from clusters"
    return (
        f"Information about the label in bits ({how}): redundant {bits.redundancy:.3f}, only in {found.first}"
        f" {bits.unique_first:.3f}, only in {found.second} {bits.unique_second:.3f}, synergy {bits.synergy:.3f}"
    )
