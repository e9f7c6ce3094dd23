"""What goes wrong inside the database or on the disk, as one sentence."""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mm_demo.errors import UserError

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG} if os.name == "posix" else {errno.ENOSPC, 112}
_FORBIDDEN = {errno.EACCES, errno.EPERM, errno.EROFS}
_NUMBER = re.compile(r"os error (\d+)")  # The database's own errors carry the system's number only in their text.


@contextmanager
def explained(folder: Path) -> Iterator[None]:
    """Turn errors of the database and of the disk into sentences.

    Args:
        folder: the index's.

    Raises:
        UserError: in place of any OSError, RuntimeError or ValueError but itself.
    """
    try:
        yield
    except UserError:
        raise
    except (OSError, RuntimeError, ValueError) as error:
        raise UserError(_sentence(error, folder)) from error


def _sentence(error: Exception, folder: Path) -> str:
    numbers = {int(number) for number in _NUMBER.findall(str(error))}
    if isinstance(error, OSError) and error.errno is not None:
        numbers.add(error.errno)
    if numbers & _FULL:
        return (
            f"The disk is full at “{folder}”: what was indexed so far is kept; make room and build again, and it goes "
            "on from there."
        )
    if numbers & _FORBIDDEN:
        return f"“{folder}” may not be written or read: change its permissions, or choose another folder for the index."
    return (
        f"The index in “{folder}” is damaged, half-written or from a newer version: delete that folder and build the "
        "index again."
    )
