"""The code keeps its own rules: lint, format, types, direction of imports, size of files, and what import costs."""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "mm_demo"
SOURCES = sorted(PACKAGE.rglob("*.py"))

RESULTS = {"tasks.results", "tasks.sentiment_result"}
MAY_IMPORT: dict[str, set[str]] = {
    "errors": set(),
    "scenes": {"errors"},
    "views": {"errors", "attention.trace", *RESULTS},
    "attention": {"errors"},
    "evidence": {"errors", "attention"},
    "fusion": set(),
    "alignment": {"errors", "scenes"},
    "lab": {"errors", "fusion", "evidence", "scenes", "models", "training"},
    "index": {"errors"},
    "models": {"errors", "attention", "evidence", "fusion"},
    "tasks": {"errors", "scenes", "attention", "evidence", "models", "index"},
    "training": {"errors", "scenes", "models", "attention", "fusion", "alignment"},
    "evaluation": {"errors", "scenes", "training", "tasks", "models", "attention", "evidence", "load"},
    "commands": {"errors", "scenes", "tasks", "models", "evaluation", "lab", "load"},
    "ui": {
        "errors",
        "scenes",
        "views",
        "alignment",
        "lab",
        "tasks",
        "models",
        "attention",
        "evidence",
        "index",
        "load",
    },
    "__main__": {"errors", "commands"},
    "__init__": {"errors", "tasks"},
}
"""For every part of the package, what of the package it may import beside itself; "load" is `mm_demo.load`."""


def run(*arguments: str, cwd: Path = ROOT) -> str:
    done = subprocess.run([sys.executable, *arguments], cwd=cwd, capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else done.stdout + done.stderr


def test_ruff_finds_nothing() -> None:
    assert not (found := run("-m", "ruff", "check", "--quiet")), found


def test_ruff_would_format_nothing() -> None:
    assert not (found := run("-m", "ruff", "format", "--check")), found


def test_mypy_finds_nothing(tmp_path: Path) -> None:
    # In a copy, because Gradio writes a stub beside every component class, and mypy would read that in its place.
    shutil.copytree(PACKAGE, tmp_path / "mm_demo", ignore=shutil.ignore_patterns("*.pyi", "__pycache__"))
    for name in ("app.py", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path)
    assert not (
        found := run("-m", "mypy", "--no-error-summary", "--cache-dir", str(ROOT / ".mypy_cache"), cwd=tmp_path)
    ), found


def imported(path: Path) -> Iterator[str]:
    """The modules of the package that a file imports, wherever in it, without the leading "mm_demo."."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name == "mm_demo":
                    yield "load"
                elif alias.name.startswith("mm_demo."):
                    yield alias.name.removeprefix("mm_demo.")
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: name the package when importing"
            if node.module == "mm_demo":
                yield from (alias.name for alias in node.names)
            elif node.module and node.module.startswith("mm_demo."):
                for alias in node.names:
                    yield f"{node.module.removeprefix('mm_demo.')}.{alias.name}"


def allowed(module: str, part: str) -> bool:
    return any(module == name or module.startswith(f"{name}.") for name in (part, *MAY_IMPORT[part]))


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_point_one_way(path: Path) -> None:
    part = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    assert part in MAY_IMPORT, f"say in MAY_IMPORT what mm_demo/{part} may import"
    assert [module for module in imported(path) if not allowed(module, part)] == []


def test_the_rule_bites(tmp_path: Path) -> None:
    source = "def f():\n    from mm_demo.ui import page\nfrom mm_demo import errors\nimport mm_demo.tasks.results\n"
    (tmp_path / "a.py").write_text(source)
    found = sorted(imported(tmp_path / "a.py"))
    assert found == ["errors", "tasks.results", "ui.page"]
    assert [module for module in found if not allowed(module, "views")] == ["ui.page"]


def test_no_file_is_long() -> None:
    lengths = {str(path.relative_to(ROOT)): len(path.read_text(encoding="utf-8").splitlines()) for path in SOURCES}
    assert {name: length for name, length in lengths.items() if length > 400} == {}


def test_importing_the_package_is_cheap() -> None:
    slow = "{'torch', 'transformers', 'gradio', 'numpy'} & set(sys.modules)"
    assert not (found := run("-c", f"import sys, mm_demo; sys.exit(str({slow}) if {slow} else 0)")), found
