"""A user's mistake: one line on standard error, nothing on standard output, status 2; the next command works."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import mm_demo
from mm_demo.errors import UserError

CommandLine = Callable[..., Any]


def assert_one_sentence(outcome: Any, *parts: str) -> None:
    assert outcome.status == 2, outcome
    assert outcome.out == ""
    assert outcome.err.startswith("mm_demo: ") and outcome.err.count("\n") == 1 and outcome.err.endswith(".\n")
    for part in parts:
        assert part in outcome.err
    assert "Traceback" not in outcome.err


@pytest.fixture
def bad_pictures(tmp_path: Path) -> dict[str, Path]:
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    Image.fromarray(noise).save(tmp_path / "whole.png")
    files = {
        "cut.png": (tmp_path / "whole.png").read_bytes()[:3000],
        "text.jpg": b"not a picture",
        "empty.png": b"",
        "line\nbreak.png": b"not a picture",
    }
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    return {**{name: tmp_path / name for name in files}, "folder": tmp_path, "missing": tmp_path / "no.png"}


@pytest.mark.parametrize("name", ["cut.png", "text.jpg", "empty.png", "line\nbreak.png", "folder", "missing"])
@pytest.mark.parametrize("json", [[], ["--json"]])
def test_bad_pictures(
    command: CommandLine, loaded: list[Any], bad_pictures: dict[str, Path], name: str, json: list[str]
) -> None:
    assert_one_sentence(command("caption", bad_pictures[name], *json))
    assert_one_sentence(command("vqa", bad_pictures[name], "what is it?", *json))
    assert loaded == [], "no model is loaded for a picture that can't be read"
    assert command("caption", bad_pictures["folder"] / "whole.png").status == 0


@pytest.mark.parametrize("question", ["", "  \n", "\u200b", "why " * 200])
def test_bad_questions(command: CommandLine, loaded: list[Any], bad_pictures: dict[str, Path], question: str) -> None:
    assert_one_sentence(command("vqa", bad_pictures["folder"] / "whole.png", question), "question")
    assert loaded == []


@pytest.mark.parametrize(
    ("argv", "part"),
    [
        ([], "COMMAND"),
        (["bogus"], "bogus"),
        (["caption"], "IMAGE"),
        (["caption", "a.png", "--frob"], "--frob"),
        (["vqa", "a.png"], "QUESTION"),
        (["vqa", "a.png", "-what"], "--help"),
        (["scenes"], "--out"),
        (["scenes", "--out", "x", "--n", "0"], "whole number"),
        (["scenes", "--out", "x", "--n", "many"], "many"),
        (["scenes", "--out", "x", "--size", "9999999"], "2,048"),
        (["scenes", "--out", "x", "--seed", "-1"], "-1"),
        (["evaluate"], "TASK"),
        (["evaluate", "poetry"], "poetry"),
        (["evaluate", "vqa", "--n", "1.5"], "1.5"),
        (["models", "eat"], "eat"),
    ],
)
def test_bad_arguments(command: CommandLine, loaded: list[Any], argv: list[str], part: str) -> None:
    assert_one_sentence(command(*argv), part, "--help")


def test_what_the_task_refuses(
    command: CommandLine, bad_pictures: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    def load(task: str, model: str | None, device: str | None) -> None:
        raise UserError(f"No checkpoint\nis called {model}.")

    monkeypatch.setattr(mm_demo, "load", load)
    picture = bad_pictures["folder"] / "whole.png"
    assert_one_sentence(command("caption", picture, "--model", "x/y", "--json"), "No checkpoint is called x/y.")


def test_an_error_of_ours_is_one_line_too(
    command: CommandLine, bad_pictures: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    def load(task: str, model: str | None, device: str | None) -> None:
        raise RuntimeError("first\nsecond")

    monkeypatch.setattr(mm_demo, "load", load)
    outcome = command("caption", bad_pictures["folder"] / "whole.png")
    assert (outcome.status, outcome.out, outcome.err.count("\n")) == (1, "", 1)
    assert "RuntimeError: first second" in outcome.err


def test_ctrl_c(command: CommandLine, bad_pictures: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    def load(task: str, model: str | None, device: str | None) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(mm_demo, "load", load)
    outcome = command("caption", bad_pictures["folder"] / "whole.png")
    assert (outcome.status, outcome.out, outcome.err) == (130, "", "mm_demo: stopped.\n")


def process(*argv: str, **options: Any) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(Path(mm_demo.__file__).parents[1])}
    return subprocess.run(
        [sys.executable, *argv], env=environment, text=True, stderr=subprocess.PIPE, timeout=120, **options
    )


@pytest.mark.skipif(os.name == "nt", reason="closed pipes are POSIX only")
def test_a_reader_that_went_away() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    try:
        done = process("-m", "mm_demo", "--help", stdout=writing)
    finally:
        os.close(writing)
    assert (done.returncode, done.stderr) == (141, "")


def test_a_real_process_prints_one_line(tmp_path: Path) -> None:
    done = process("-m", "mm_demo", "caption", str(tmp_path / "no.png"), "--json", stdout=subprocess.PIPE)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)


def test_help_loads_nothing_slow() -> None:
    code = (
        "import sys, mm_demo; from mm_demo.__main__ import main; status = main(['vqa', '--help'])\n"
        "print({'torch', 'transformers', 'gradio', 'numpy', 'PIL'} & set(sys.modules), file=sys.stderr)\n"
        "sys.exit(status)"
    )
    done = process("-c", code, stdout=subprocess.PIPE)
    assert done.stderr.strip() == "set()"
    assert done.returncode == 0
    for option in ("--model", "--device", "--json"):
        assert option in done.stdout
