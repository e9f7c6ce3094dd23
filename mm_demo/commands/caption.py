"""`caption IMAGE`: one sentence about a picture, with the probability of every word."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from mm_demo.commands.report import Report, bar, table
from mm_demo.commands.unfamiliar import warning

if TYPE_CHECKING:
    from mm_demo.tasks.results import CaptionStep

HELP = "say in a sentence what a picture shows"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("image", metavar="IMAGE", help="path of a picture")


def run(arguments: argparse.Namespace) -> Report:
    from mm_demo.tasks.inputs import read_image

    image = read_image(arguments.image)  # before the model, which takes seconds to load

    import mm_demo

    result = mm_demo.load("caption", model=arguments.model, device=arguments.device)(image)
    rows = [(word, probability, bar(probability)) for word, probability in words(result.tokens)]
    text = f"{result.answer}\n\n{table(rows, ['word', 'probability', ''])}"
    return Report(result.to_json(), text + warning(result.familiar, result.familiarity))


def words(tokens: list[CaptionStep]) -> list[tuple[str, float]]:
    """Whole words with their probability: the product over the tokens that spell each one."""
    found: list[tuple[str, float]] = []
    for step in tokens:
        if step.continues and found:
            word, probability = found.pop()
            found.append((word + step.token, probability * step.probability))
        else:
            found.append((step.token, step.probability))
    return found
