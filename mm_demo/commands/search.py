"""`search FOLDER QUERY`: the pictures of a folder that are most like words, a picture, or both."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from mm_demo.commands.arguments import whole_number
from mm_demo.commands.indexing import add_index_arguments, indexed, one_line, skipped_text
from mm_demo.commands.report import Report, bar, table
from mm_demo.commands.unfamiliar import warning
from mm_demo.errors import UserError

if TYPE_CHECKING:
    from mm_demo.tasks.retrieval_result import Query

HELP = "find pictures in a folder by words or by a picture"

_MOST_HITS = 10_000
_WORDS_SHOWN = 8


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_index_arguments(parser)
    parser.add_argument("query", metavar="QUERY", help="words, or the path of a picture")
    parser.add_argument(
        "-k", type=whole_number(1, _MOST_HITS), default=10, metavar="K", help="how many hits (default: %(default)s)"
    )
    parser.add_argument("--image", metavar="PATH", help='a picture beside the words: "this one, but red"')
    parser.add_argument(
        "--text-share", type=_share, metavar="S", help="the words' share where --image is given, 0 to 1 (default: 0.5)"
    )


def run(arguments: argparse.Namespace) -> Report:
    from mm_demo.tasks.retrieval_gallery import check_folder

    check_folder(arguments.folder)  # both before the model, which takes seconds to load
    query = _query(arguments)

    import mm_demo

    task = mm_demo.load("retrieval", model=arguments.model, device=arguments.device)
    gallery = indexed(task, arguments)
    if gallery.report.cancelled:
        raise KeyboardInterrupt
    answer = task.answer(gallery, query, arguments.k)
    data = answer.to_json()
    for note in answer.notes:
        print(note, file=sys.stderr)
    if answer.unknown_words:
        unknown = ", ".join(word[:40] for word in answer.unknown_words[:_WORDS_SHOWN])
        print(f"The model doesn't know these words: {unknown}.", file=sys.stderr)
    rows = [(i, hit["score"], bar(hit["score"]), one_line(hit["path"])) for i, hit in enumerate(data["hits"], start=1)]
    found = table(rows, ["", "score", "", "picture"]) if rows else "There is no picture here that can be read."
    text = found + warning(answer.familiar, answer.familiarity)
    return Report(data, "\n\n".join(part for part in (text, skipped_text(data["skipped"])) if part))


def _query(arguments: argparse.Namespace) -> Query:
    from mm_demo.tasks.inputs import read_image
    from mm_demo.tasks.retrieval_query import read_query
    from mm_demo.tasks.retrieval_result import Query

    query = read_query(arguments.query)
    if arguments.image is None:
        if arguments.text_share is not None:
            raise UserError("There is nothing to share with: give a picture beside the words with --image.")
        return query
    if query.picture is not None:
        raise UserError("There are two pictures: give words to look for beside --image, or leave --image out.")
    share = 0.5 if arguments.text_share is None else arguments.text_share
    return Query(query.text, read_image(arguments.image), share)


def _share(text: str) -> float:
    try:
        share = float(text)
    except ValueError:
        share = -1.0
    if not 0 <= share <= 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 0 to 1")
    return share
