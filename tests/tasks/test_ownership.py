"""A task refuses what another model answered."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

import mm_demo
from mm_demo.errors import UserError
from tests.models.clip_checkpoints import save

Use = Callable[[Any, Any], object]

USES: dict[str, tuple[Callable[[Any, Image.Image], Any], dict[str, Use]]] = {
    "caption": (
        lambda task, image: task(image),
        {
            "explain": lambda task, result: task.explain(result, "raw"),
            "probe": lambda task, result: task.probe(result, 0),
            "telling_word": lambda task, result: task.telling_word(result),
            "randomised": lambda task, result: next(task.randomised(result, 0)),
        },
    ),
    "vqa": (
        lambda task, image: task(image, "what is it?"),
        {
            "explain": lambda task, result: task.explain(result, "raw"),
            "probe": lambda task, result: task.probe(result, "image"),
            "coalition_shares": lambda task, result: task.coalition_shares(result),
            "randomised": lambda task, result: next(task.randomised(result)),
        },
    ),
    "retrieval": (
        lambda task, image: task.explain(image, "red star"),
        {
            "probe": lambda task, result: task.probe(result),
            "randomised": lambda task, result: next(task.randomised(result)),
        },
    ),
    "sentiment": (
        lambda task, image: task(text="I am very happy"),
        {
            "explain": lambda task, result: task.explain(result, "raw"),
            "probe": lambda task, result: task.probe(result, "text"),
            "randomised": lambda task, result: next(task.randomised(result, "text")),
        },
    ),
}


@pytest.fixture(scope="session")
def folders(tmp_path_factory: pytest.TempPathFactory, caption_folder: Path, vqa_folder: Path) -> dict[str, str]:
    clip = save("clip", tmp_path_factory.mktemp("clip"))
    return {
        "caption": str(caption_folder), "vqa": str(vqa_folder), "retrieval": str(clip), "sentiment": "text-sentiment"
    }  # fmt: skip


@pytest.mark.parametrize(("name", "use"), [(name, use) for name, (_, uses) in USES.items() for use in uses])
def test_only_the_model_that_answered_explains(
    name: str, use: str, folders: dict[str, str], pictures: list[Image.Image]
) -> None:
    ask, uses = USES[name]
    task = mm_demo.load(name, folders[name], "cpu")
    result = ask(task, pictures[0])
    assert result.model == folders[name]
    uses[use](task, result)

    with pytest.raises(UserError, match="given by the model 'another'"):
        uses[use](task, replace(result, model="another"))
