"""What importing the index costs those who never search."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def test_the_database_is_imported_only_when_it_is_used() -> None:
    check = "import sys, mm_demo.index; sys.exit({'lancedb', 'pyarrow', 'pandas', 'torch'} & set(sys.modules) or 0)"
    done = subprocess.run(
        [sys.executable, "-c", check], cwd=Path(__file__).parents[2], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
