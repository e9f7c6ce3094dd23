"""`evaluate TASK`: measure a checkpoint where the truth is known, each figure beside its baseline."""

from __future__ import annotations

import argparse
from importlib import import_module
from pathlib import Path

from mm_demo.commands.arguments import whole_number
from mm_demo.commands.report import Report, outline
from mm_demo.errors import UserError

HELP = "measure a checkpoint on generated pictures it has never seen"
_TASKS = ("caption", "vqa")
_OPTIONS = ("seed", "n", "photographs")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("task", metavar="TASK", choices=_TASKS, help=" or ".join(_TASKS))
    parser.add_argument("--seed", type=whole_number(0, 2**62), metavar="S", help="default: the model card's")
    parser.add_argument(
        "--n", type=whole_number(1, 1_000_000), metavar="N", help="pictures (default: the model card's)"
    )
    parser.add_argument(
        "--photographs", type=Path, metavar="DIR", help="folder of photographs that it should find unfamiliar"
    )


def run(arguments: argparse.Namespace) -> Report:
    if arguments.photographs is not None and not arguments.photographs.is_dir():
        raise UserError(f"There is no folder “{arguments.photographs}”: give --photographs a folder of pictures.")
    evaluation = import_module(f"mm_demo.evaluation.{arguments.task}")
    chosen = {name: getattr(arguments, name) for name in _OPTIONS if getattr(arguments, name) is not None}
    figures = evaluation.evaluate(model=arguments.model, device=arguments.device, **chosen)
    return Report(figures, outline(figures))
