"""A file that somebody named: is it one that can be read at all?"""

from __future__ import annotations

from pathlib import Path

from mm_demo.errors import UserError


def check_file(path: Path, kind: str) -> None:
    """See that the path leads to an ordinary file with something in it.

    Args:
        path: as the person gave it.
        kind: what the file should hold, as a sentence calls it: "picture" or "recording".

    Raises:
        UserError: it is missing, a folder, a pipe or a device, or empty.
        OSError, ValueError: the path can't even be looked up.
    """
    name = quoted(path.name or str(path))
    if path.is_dir():
        raise UserError(f"{name} is a folder: give the path of one {kind} in it.")
    if not path.exists():
        raise UserError(f"There is no file {quoted(str(path))}: check the path.")
    if not path.is_file():
        raise UserError(f"{name} is not an ordinary file: give the path of a {kind}.")
    if path.stat().st_size == 0:
        raise UserError(f"{name} is empty (zero bytes): choose another {kind}, or save it again.")


def quoted(name: str) -> str:
    """A name fit for one line of a sentence: the end of a long one, no line breaks."""
    line = " ".join(name.split())
    return f"“{line}”" if len(line) <= 80 else f"“…{line[-79:]}”"
