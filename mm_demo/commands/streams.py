"""Keeps standard output for the answer alone, whatever the libraries print."""

from __future__ import annotations

import contextlib
import io
import json
import os
import sys
from collections.abc import Iterator
from typing import Any

from mm_demo.errors import UserError


@contextlib.contextmanager
def stdout_kept_clean() -> Iterator[None]:
    """Send everything printed inside to standard error, also what compiled code writes to file descriptor 1."""
    sys.stdout.flush()
    saved = os.dup(1)
    try:
        os.dup2(2, 1)
        with contextlib.redirect_stdout(sys.stderr):
            yield
    finally:
        os.dup2(saved, 1)
        os.close(saved)


def print_answer(answer: str) -> None:
    """Print to standard output, and see that it arrives.

    Raises:
        BrokenPipeError: the reader has gone.
        UserError: it can't be written, say because the disk is full.
    """
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a terminal that knows no "█" shows "?" in its place
    try:
        print(answer, flush=True)
    except OSError as error:
        # Otherwise the interpreter would try once more as it exits, and complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        if isinstance(error, BrokenPipeError):
            raise
        raise UserError(f"The answer can't be written: {error.strerror}.") from error


def as_json(data: dict[str, Any]) -> str:
    """One line of strict JSON; NumPy's and torch's numbers become plain ones, NaN and infinities null."""
    return json.dumps(_plain(data), allow_nan=False)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if hasattr(value, "tolist"):
        return _plain(value.tolist())
    if isinstance(value, float) and not abs(value) < float("inf"):
        return None
    return value
