"""`models list` tells what there is, `models check` whether what is here opens."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from mm_demo.commands import models as models_command
from mm_demo.errors import UserError
from mm_demo.models.catalog import CATALOG

CommandLine = Callable[..., Any]
CAPTION, VQA = "blip-caption-scenes", "blip-vqa-scenes"


@pytest.fixture
def weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A weights folder with one checkpoint that opens and one that doesn't, and an empty cache of the hub."""
    for name in (CAPTION, VQA):
        (tmp_path / name).mkdir()
        (tmp_path / name / "model.safetensors").touch()

    def open_model(task: str, model: str, device: str | None) -> None:
        if model == VQA:
            raise UserError(f"The model '{model}' is damaged: get it again.")

    monkeypatch.setattr(models_command, "WEIGHTS", tmp_path)
    loading = ModuleType("mm_demo.models.loading")  # the real one takes seconds to import
    loading.open_model = open_model  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, loading.__name__, loading)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    return tmp_path


def test_list_names_every_model_and_what_is_here(command: CommandLine, weights: Path) -> None:
    entries = json.loads(command("models", "list", "--json").out)["models"]
    assert [entry["id"] for entry in entries] == [card.id for card in CATALOG]
    assert [entry["id"] for entry in entries if entry["here"]] == [CAPTION, VQA]
    for entry in entries:
        assert entry["tasks"] and entry["licence"] and entry["good_for"] and entry["size_bytes"] > 0


def test_list_for_people_is_the_default(command: CommandLine, weights: Path) -> None:
    outcome = command("models")
    assert outcome.out == command("models", "list").out
    lines = {line.split()[0]: line for line in outcome.out.splitlines()}
    assert " yes " in lines[CAPTION] and " no " in lines["Salesforce/blip-vqa-base"]


def test_one_model_alone(command: CommandLine, weights: Path) -> None:
    assert [e["id"] for e in json.loads(command("models", "--model", VQA, "--json").out)["models"]] == [VQA]
    outcome = command("models", "--model", "no/such")
    assert (outcome.status, outcome.out, outcome.err.count("\n")) == (2, "", 1)
    assert "no/such" in outcome.err


def test_check_says_which_open(command: CommandLine, weights: Path) -> None:
    outcome = command("models", "check", "--json")
    assert outcome.status == 1
    assert json.loads(outcome.out)["models"] == [
        {"id": CAPTION, "task": "caption", "opens": True, "problem": None},
        {"id": VQA, "task": "vqa", "opens": False, "problem": f"The model '{VQA}' is damaged: get it again."},
    ]
    assert command("models", "check", "--model", CAPTION).status == 0
    assert "damaged" in command("models", "check").out


def test_check_with_nothing_here(command: CommandLine, weights: Path) -> None:
    outcome = command("models", "check", "--model", "openai/whisper-tiny")
    assert (outcome.status, outcome.out) == (0, "None of these models is on this machine.\n")
