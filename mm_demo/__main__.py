"""The command line: `python -m mm_demo COMMAND …`.

Exit statuses: 0 done, 1 something is not in order, 2 a mistake the user can mend, 130 stopped by Ctrl-C, 141 the reader
of the output went away.
"""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Sequence

from mm_demo.commands.arguments import parser
from mm_demo.commands.streams import as_json, print_answer, stdout_kept_clean
from mm_demo.errors import UserError


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; whatever goes wrong is one line on standard error.

    Args:
        argv: the arguments after the program's name; None takes the process's own.

    Returns:
        The exit status.
    """
    try:
        return _run(argv)
    except UserError as error:
        return _complain(str(error), 2)
    except KeyboardInterrupt as stop:
        return _complain(str(stop) or "stopped.", 130)
    except BrokenPipeError:
        return 141
    except Exception as error:
        if sys.flags.dev_mode:
            raise
        what = f"{type(error).__name__}: {error}"[:300]
        return _complain(f"something went wrong inside ({what}); `python -X dev -m mm_demo …` shows where.", 1)


def _run(argv: Sequence[str] | None) -> int:
    try:
        arguments = parser().parse_args(argv)
    except SystemExit as done:  # --help was asked for, and printed
        return int(done.code or 0)
    with stdout_kept_clean():
        report = arguments.run(arguments)
    print_answer(as_json(report.data) if arguments.json else report.text)
    return int(report.status)


def _complain(sentence: str, status: int) -> int:
    print("mm_demo:", " ".join(sentence.split()), file=sys.stderr)
    return status


if __name__ == "__main__":
    # What libraries have to say would stand beside the one line that a mistake is answered with.
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    if not sys.warnoptions:
        warnings.simplefilter("ignore")
    sys.exit(main())
