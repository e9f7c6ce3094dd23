"""How the app starts, and how it says that it can't."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from mm_demo.errors import UserError
from mm_demo.ui.app import launch
from mm_demo.ui.models import Models
from tests.ui.fakes import fake

ROOT = Path(__file__).resolve().parents[2]


def test_a_port_in_use_is_one_sentence() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(UserError, match="choose another --port"):
            launch(Models(fake), port=taken.getsockname()[1], quiet=True)


@pytest.mark.parametrize("arguments", [["--model", "vqa"], ["--model", "cook=ID"], ["--port", "many"], ["--nothing"]])
def test_a_wrong_argument_is_one_line_and_status_2(arguments: list[str]) -> None:
    done = subprocess.run([sys.executable, str(ROOT / "app.py"), *arguments], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 2 and done.stdout == ""
    assert len(done.stderr.strip().splitlines()) == 1


def test_building_the_page_needs_no_torch() -> None:
    code = (
        "import sys; from mm_demo.ui.app import build; from mm_demo.ui.models import Models; "
        "build(Models(lambda name, model: None)); print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert done.stdout.strip() == "False", done.stderr
