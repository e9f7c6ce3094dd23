"""Bringing a folder's index up to date at a terminal: a bar while it works, a clean stop at Ctrl-C."""

from __future__ import annotations

import argparse
import re
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from types import FrameType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tqdm import tqdm

    from mm_demo.tasks.retrieval import RetrievalTask
    from mm_demo.tasks.retrieval_answer import SkippedFiles
    from mm_demo.tasks.retrieval_gallery import Gallery

_SKIPPED_SHOWN = 10
_SECONDS_BETWEEN_LINES = 10
"""In a log every state of the bar is a line of its own."""


def add_index_arguments(parser: argparse.ArgumentParser) -> None:
    """The folder, and where its index is kept."""
    parser.add_argument("folder", metavar="FOLDER", help="path of a folder with pictures, sub-folders included")
    parser.add_argument(
        "--index", metavar="PATH", help="folder to keep the index in (default: one in your cache, for every model)"
    )


def indexed(task: RetrievalTask, arguments: argparse.Namespace) -> Gallery:
    """The folder's gallery, its index brought up to date; Ctrl-C ends that early and keeps what is done.

    Raises:
        UserError: as `RetrievalTask.index`.
    """
    bar: tqdm[None] | None = None

    def progress(done: int, total: int, path: Path) -> None:
        nonlocal bar
        if bar is None:
            from tqdm import tqdm

            wait = 0.1 if sys.stderr.isatty() else _SECONDS_BETWEEN_LINES
            bar = tqdm(total=total, desc="indexing", unit="picture", file=sys.stderr, mininterval=wait)
        bar.update(done - bar.n)

    with _stopped_gently() as cancel:
        try:
            return task.index(arguments.folder, progress=progress, cancel=cancel, store=arguments.index)
        finally:
            if bar is not None:
                bar.close()


def skipped_text(skipped: SkippedFiles) -> str:
    """What was passed over, one file a line; "" where nothing was."""
    if not skipped:
        return ""
    count = "1 file or folder was" if len(skipped) == 1 else f"{len(skipped):,} files or folders were"
    lines = [f"  {one_line(entry['path'])}: {entry['reason']}" for entry in skipped[:_SKIPPED_SHOWN]]
    if len(skipped) > _SKIPPED_SHOWN:
        lines.append(f"  … and {len(skipped) - _SKIPPED_SHOWN:,} more, all of which --json lists")
    return "\n".join([f"{count} passed over:", *lines])


def one_line(path: str) -> str:
    """A path as one line of text: control characters, line breaks among them, are written as escapes."""
    return re.sub(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]", lambda found: found[0].encode("unicode_escape").decode(), path)


@contextmanager
def _stopped_gently() -> Iterator[Event]:
    """The first Ctrl-C sets an event; a second one ends the program as ever."""
    cancel = Event()

    def stop(_signal: int, _frame: FrameType | None) -> None:
        signal.signal(signal.SIGINT, before)
        cancel.set()

    before = signal.signal(signal.SIGINT, stop)
    try:
        yield cancel
    finally:
        signal.signal(signal.SIGINT, before)
