"""Starts the app: `python app.py [--host H] [--port P] [--share] [--model TASK=ID]…`; a Space runs it as it is."""

from __future__ import annotations

import os
import sys

import mm_demo
from mm_demo.commands.arguments import Parser
from mm_demo.errors import UserError

TASKS = ("caption", "vqa", "sentiment", "retrieval")


def main() -> int:
    try:
        _serve()
    except UserError as error:
        print("app.py:", error, file=sys.stderr)
        return 2
    return 0


def _serve() -> None:
    parser = Parser(prog="app.py", description="Serve the page that explains multimodal models.")
    # Where the app is hosted (a container, a Space), the environment says where to listen.
    host, port = os.environ.get("GRADIO_SERVER_NAME", "127.0.0.1"), os.environ.get("GRADIO_SERVER_PORT", "7860")
    parser.add_argument("--host", default=host, help="address to listen on (%(default)s)")
    parser.add_argument("--port", type=int, default=port, help="port to listen on (%(default)s)")
    parser.add_argument("--share", action="store_true", help="ask Gradio for a public link")
    parser.add_argument(
        "--model", action="append", default=[], metavar="TASK=ID", help="such as vqa=Salesforce/blip-vqa-base"
    )
    args = parser.parse_args()
    chosen = dict(_choice(text) for text in args.model)

    from mm_demo.ui.app import launch
    from mm_demo.ui.models import Models

    models = Models(lambda name, model: mm_demo.load(name, model or chosen.get(name)), TASKS)
    page = launch(models, args.host, args.port, args.share)
    page.block_thread()


def _choice(text: str) -> tuple[str, str]:
    task, _, model = text.partition("=")
    if task not in TASKS or not model:
        raise UserError(f"'{text}' is not TASK=ID with one of the tasks {', '.join(TASKS)}: give for example vqa=ID.")
    return task, model


if __name__ == "__main__":
    sys.exit(main())
