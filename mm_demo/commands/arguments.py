"""Argument parsing whose every complaint is one sentence, and the options that every command takes."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING, NoReturn

from mm_demo import commands
from mm_demo.commands.streams import print_answer
from mm_demo.errors import UserError

if TYPE_CHECKING:
    from _typeshed import SupportsWrite


class Parser(argparse.ArgumentParser):
    """Raises `UserError` where argparse would print its usage and exit, and notices when help has no reader."""

    def error(self, message: str) -> NoReturn:
        raise UserError(f"{message[:1].upper()}{message[1:].rstrip('.')}: see `{self.prog} --help`.")

    def print_help(self, file: SupportsWrite[str] | None = None) -> None:
        print_answer(self.format_help().rstrip())


def parser() -> Parser:
    """The whole command line: one subparser per module of `mm_demo.commands.NAMES`."""
    shared = Parser(add_help=False)
    group = shared.add_argument_group("options of every command")
    group.add_argument("--model", metavar="ID", help="a model's id, or the path of a checkpoint folder")
    group.add_argument("--device", metavar="NAME", help="cpu, cuda or mps (default: the fastest there is)")
    group.add_argument("--json", action="store_true", help="print one JSON object instead of text")

    top = Parser(prog="python -m mm_demo", description="See what a multimodal model looked at.")
    subparsers = top.add_subparsers(metavar="COMMAND", dest="command", required=True)
    for name in commands.NAMES:
        module = import_module(f"mm_demo.commands.{name}")
        subparser = subparsers.add_parser(name, help=module.HELP, description=module.__doc__, parents=[shared])
        module.add_arguments(subparser)
        subparser.set_defaults(run=module.run)
    return top


def whole_number(low: int, high: int) -> Callable[[str], int]:
    """An argparse type: an integer from `low` to `high`."""

    def read(text: str) -> int:
        try:
            number = int(text)
        except ValueError:
            number = low - 1
        if not low <= number <= high:
            raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from {low:,} to {high:,}")
        return number

    return read
