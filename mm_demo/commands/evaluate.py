"""`evaluate TASK`: measure a checkpoint where the truth is known, each figure beside its baseline."""

from __future__ import annotations

import argparse
from importlib import import_module
from inspect import signature
from pathlib import Path

from mm_demo.commands.arguments import whole_number
from mm_demo.commands.report import Report, outline
from mm_demo.errors import UserError

HELP = "measure a checkpoint on generated pictures, or on recordings and sentences, that it has never seen"
_TASKS = ("caption", "vqa", "sentiment", "retrieval", "explanations")
_OPTIONS = {
    "seed": "--seed",
    "n": "--n",
    "photographs": "--photographs",
    "data": "--data",
    "leave_speakers_out": "--leave-speakers-out",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("task", metavar="TASK", choices=_TASKS, help=" or ".join(_TASKS))
    parser.add_argument("--seed", type=whole_number(0, 2**62), metavar="S", help="default: the model card's")
    parser.add_argument(
        "--n", type=whole_number(1, 1_000_000), metavar="N", help="pictures or pairs (default: the model card's)"
    )
    parser.add_argument(
        "--photographs", type=Path, metavar="DIR", help="folder of photographs that it should find unfamiliar"
    )
    parser.add_argument(
        "--data", type=Path, metavar="DIR", help="sentiment: folder that holds emodb/, goemotions/ and rt_polarity/"
    )
    parser.add_argument(
        "--leave-speakers-out",
        action="store_true",
        default=None,
        help="sentiment: train the voice anew without each speaker",
    )


def run(arguments: argparse.Namespace) -> Report:
    chosen = {name: getattr(arguments, name) for name in _OPTIONS if getattr(arguments, name) is not None}
    for name in ("photographs", "data"):
        if name in chosen and not chosen[name].is_dir():
            raise UserError(f"There is no folder “{chosen[name]}”: give {_OPTIONS[name]} a folder.")
    evaluation = import_module(f"mm_demo.evaluation.{arguments.task}")
    takes = signature(evaluation.evaluate).parameters
    for name in chosen:
        if name not in takes:
            raise UserError(f"`evaluate {arguments.task}` takes no {_OPTIONS[name]}: leave it out.")
    figures = evaluation.evaluate(model=arguments.model, device=arguments.device, **chosen)
    return Report(figures, outline(figures))
