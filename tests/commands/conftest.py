"""A command line that runs in this process, and tasks that answer without a model."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import mm_demo
from mm_demo.__main__ import main
from mm_demo.attention.trace import Trace
from mm_demo.tasks import retrieval_gallery
from mm_demo.tasks.results import CaptionResult, CaptionStep, TokenRelevance, VqaResult
from mm_demo.tasks.retrieval import RetrievalTask
from tests.tasks.colour_matcher import ColourMatcher, painted


@dataclass(frozen=True)
class Outcome:
    status: int
    out: str
    err: str


@pytest.fixture
def command(capfd: pytest.CaptureFixture[str]) -> Callable[..., Outcome]:
    """Runs one command line; captured at file descriptors, where compiled code prints."""

    def run(*argv: object) -> Outcome:
        capfd.readouterr()
        status = main([str(argument) for argument in argv])
        captured = capfd.readouterr()
        return Outcome(status, captured.out, captured.err)

    return run


class NoisyTask:
    """Prints where libraries print, then answers."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __call__(self, image: Image.Image, question: str = "") -> CaptionResult | VqaResult:
        print("Loading weights: 100%")
        os.write(1, b"a warning from compiled code\n")
        grid = np.full((2, 2), 0.25, np.float32)
        if self.name == "caption":
            spoken = [("a", False, 0.5), ("um", False, 0.5), ("brella", True, 0.5)]
            steps = [
                CaptionStep(i, token, continues, np.float32(p), [("the", 0.25)], grid)  # type: ignore[arg-type]
                for i, (token, continues, p) in enumerate(spoken)
            ]
            return CaptionResult(
                "a umbrella", [("a umbrella", 0.125)], steps, False, 0.03, Trace(), image, "raw", "fake"
            )
        relevance = [TokenRelevance("what", 0, 4, -0.5, grid), TokenRelevance("colour", 5, 11, 1.0, grid, known=False)]
        return VqaResult(
            "red",
            [("red", 0.75), ("orange", 0.125)],
            question,
            relevance,
            grid,
            {"image": 0.625, "text": 0.375},
            True,
            float("nan"),
            Trace(),
            image,
            "gradient",
            "fake",
            ["colour"],
        )


@pytest.fixture
def loaded(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """Replaces `mm_demo.load`; holds what it was called with."""
    calls: list[tuple[Any, ...]] = []

    def load(task: str, model: str | None = None, device: str | None = None) -> NoisyTask:
        calls.append((task, model, device))
        return NoisyTask(task)

    monkeypatch.setattr(mm_demo, "load", load)
    return calls


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> ColourMatcher:
    """Replaces the model of `search` and `index`, and the cache folder."""
    matcher = ColourMatcher()

    def load(task: str, model: str | None = None, device: str | None = None) -> RetrievalTask:
        assert (task, device) == ("retrieval", None)
        matcher.model = model or "colours"
        return RetrievalTask(matcher)

    monkeypatch.setattr(mm_demo, "load", load)
    monkeypatch.setattr(retrieval_gallery, "CACHE", tmp_path / "cache")
    return matcher


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A red picture, a green one in a sub-folder, and a blue one with a name that needs care."""
    place = tmp_path / "pictures"
    (place / "sub").mkdir(parents=True)
    for name, colour in (("a.png", "red"), ("sub/b.png", "green"), ("line\nbreak 🌟.png", "blue")):
        painted(ground=colour).save(place / name)
    return place
