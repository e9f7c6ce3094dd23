"""`vqa IMAGE QUESTION`: the answer to a question about a picture, and what made it."""

from __future__ import annotations

import argparse

from mm_demo.commands.report import Report, bar, table
from mm_demo.commands.unfamiliar import warning

HELP = "answer a question about a picture"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("image", metavar="IMAGE", help="path of a picture")
    parser.add_argument("question", metavar="QUESTION", help='in quotes, for example "what color is the star?"')


def run(arguments: argparse.Namespace) -> Report:
    from mm_demo.tasks.inputs import read_image, read_question

    question = read_question(arguments.question)  # both before the model, which takes seconds to load
    image = read_image(arguments.image)

    import mm_demo

    result = mm_demo.load("vqa", model=arguments.model, device=arguments.device)(image, question)
    answers = [(answer, probability, bar(probability)) for answer, probability in result.candidates]
    shares = [(modality, share, bar(share)) for modality, share in result.modality_shares.items()]
    relevance = [(token.token, token.relevance, bar(abs(token.relevance))) for token in result.question_tokens]
    text = "\n\n".join(
        [
            result.answer,
            table(answers, ["answer", "probability", ""]),
            table(shares, ["made by", "share", ""]),
            table(relevance, ["word of the question", "relevance", ""]),
        ]
    )
    return Report(result.to_json(), text + warning(result.familiar, result.familiarity, result.unknown_words))
