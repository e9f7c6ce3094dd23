#!/usr/bin/env python3
"""Sets everything up and starts the app, or the tests: `python3 run.py [OPTIONS OF app.py]`, `python3 run.py tests`.

Needs Python 3.11 or newer and nothing else. Makes a virtual environment in .venv, and installs into it again only when
the requirements have changed.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def prepare(requirements: str) -> None:
    """Make .venv if it is missing or half made, and install a requirements file unless that was done already."""
    done = VENV / f"{requirements}.sha256"
    wanted = hashlib.sha256(b"".join(path.read_bytes() for path in sorted(ROOT.glob("requirements*.txt")))).hexdigest()
    if PYTHON.exists() and done.exists() and done.read_text() == wanted:
        return
    if not has_pip():
        print("Making a virtual environment in .venv …", file=sys.stderr)
        if subprocess.call([sys.executable, "-m", "venv", "--clear", str(VENV)]):
            sys.exit("Python can't make virtual environments here: on Debian, `apt install python3-venv` mends that.")
    print(f"Installing {requirements} (some minutes, once) …", file=sys.stderr)
    pip = [str(PYTHON), "-m", "pip", "install", "--disable-pip-version-check"]
    if not sys.stdout.isatty():
        pip.append("--quiet")
    if subprocess.call([*pip, "-r", str(ROOT / requirements)]):
        sys.exit("Installing failed: see pip's words above, mend that and give the same command again.")
    for covered in (requirements, "requirements.txt"):  # the tests' list takes in the app's
        (VENV / f"{covered}.sha256").write_text(wanted)


def has_pip() -> bool:
    if not PYTHON.exists():
        return False
    return subprocess.call([str(PYTHON), "-m", "pip", "--version"], stdout=subprocess.DEVNULL) == 0


def main(arguments: list[str]) -> int:
    if sys.version_info < (3, 11):  # noqa: UP036 (whoever starts this may have an older one)
        sys.exit("This needs Python 3.11 or newer; here it is " + sys.version.split()[0] + ".")
    if arguments[:1] == ["tests"]:
        prepare("requirements-dev.txt")
        command = [str(PYTHON), "-m", "pytest", "-n", "2", *arguments[1:]]
    else:
        prepare("requirements.txt")
        command = [str(PYTHON), "app.py", *arguments]
    os.chdir(ROOT)
    if os.name == "nt":
        return subprocess.call(command)
    os.execv(command[0], command)  # so that Ctrl-C and a kill reach the program itself


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
