"""`mm_demo.load`, and what importing the package costs."""

from __future__ import annotations

import subprocess
import sys

import pytest

import mm_demo
from mm_demo.errors import UserError


def test_importing_the_package_loads_no_torch() -> None:
    code = "import sys, mm_demo; sys.exit('torch' in sys.modules or 'transformers' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_an_unknown_task_is_one_sentence() -> None:
    with pytest.raises(UserError, match="no task 'dance'; choose one of: caption, vqa"):
        mm_demo.load("dance")
