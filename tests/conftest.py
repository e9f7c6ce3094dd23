"""Checkpoints and pictures that several tests share."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from transformers import BlipForConditionalGeneration, BlipForQuestionAnswering

from tests.checkpoints import TINY, make_model, make_processor


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--data", type=Path, help="folder with emodb/, goemotions/ and rt_polarity/: runs the tests on them"
    )


@pytest.fixture(scope="session")
def data(request: pytest.FixtureRequest) -> Path:
    """The folder of real recordings and sentences; without one, whoever asks for it is skipped."""
    folder: Path | None = request.config.getoption("--data")
    if folder is None:
        pytest.skip("needs real recordings and sentences: give --data DIR")
    return folder


def _save(model: object, folder: Path) -> Path:
    model.save_pretrained(folder)  # type: ignore[attr-defined]
    make_processor(TINY).save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def caption_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny random captioner's checkpoint folder."""
    return _save(make_model(BlipForConditionalGeneration, TINY, seed=3), tmp_path_factory.mktemp("caption"))


@pytest.fixture(scope="session")
def vqa_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny random answerer's checkpoint folder."""
    return _save(make_model(BlipForQuestionAnswering, TINY, seed=4), tmp_path_factory.mktemp("vqa"))


@pytest.fixture(scope="session")
def pictures() -> list[Image.Image]:
    """Eight different random pictures, 48 pixels wide and 40 high."""
    pixels = np.random.default_rng(0).integers(0, 256, (8, 40, 48, 3), dtype=np.uint8)
    return [Image.fromarray(p) for p in pixels]
