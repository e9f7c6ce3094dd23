"""`index FOLDER`: make a folder of pictures ready for `search`, or bring that up to date."""

from __future__ import annotations

import argparse

from mm_demo.commands.indexing import add_index_arguments, indexed, skipped_text
from mm_demo.commands.report import Report

HELP = "make a folder of pictures ready for searching"

_STOPPED = 130


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_index_arguments(parser)


def run(arguments: argparse.Namespace) -> Report:
    from mm_demo.tasks.retrieval_gallery import check_folder

    check_folder(arguments.folder)  # before the model, which takes seconds to load

    import mm_demo
    from mm_demo.tasks.retrieval_answer import skipped_files

    task = mm_demo.load("retrieval", model=arguments.model, device=arguments.device)
    gallery = indexed(task, arguments)
    done = gallery.report
    counts = {"added": done.added, "changed": done.changed, "removed": done.removed, "kept": done.kept}
    skipped = skipped_files(done)
    said = [
        f"Stopped: {len(gallery):,} pictures can be searched so far; the same command goes on from there."
        if done.cancelled
        else f"{len(gallery):,} pictures can be searched.",
        ", ".join(f"{count:,} {what}" for what, count in (counts | {"skipped": len(skipped)}).items()) + ".",
        skipped_text(skipped),
    ]
    data = {"pictures": len(gallery), **counts, "skipped": skipped, "cancelled": done.cancelled}
    return Report(data, "\n".join(line for line in said if line), _STOPPED if done.cancelled else 0)
