"""`models` lists what there is, gets and frees one, and checks whether what is here opens."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from mm_demo.commands import models as models_command
from mm_demo.errors import UserError
from mm_demo.models.catalog import CATALOG
from tests.hub_server import Faults, HubServer

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
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    return tmp_path


def test_list_names_every_model_and_what_is_here(command: CommandLine, weights: Path) -> None:
    entries = json.loads(command("models", "list", "--json").out)["models"]
    assert [entry["id"] for entry in entries] == [card.id for card in CATALOG]
    assert [entry["id"] for entry in entries if entry["here"]] == [CAPTION, VQA]
    for entry in entries:
        assert entry["tasks"] and entry["licence"] and entry["good_for"]
        assert entry["size_bytes"] > 0 and entry["memory_bytes"] > 0
        assert entry["bytes_here"] == 0  # both files are empty


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


ID = "someone/captions"


@pytest.fixture
def hub(caption_folder: Path, tmp_path: Path) -> Iterator[HubServer]:
    """A hub with one small model."""
    shutil.copytree(caption_folder, tmp_path / "repositories" / ID)
    with HubServer(tmp_path / "repositories") as server:
        yield server


def started(server: HubServer, home: Path, *argv: str) -> subprocess.Popen[str]:
    """A command line in a process of its own, which alone reads the environment anew."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("HF_")}
    environment |= {"HF_ENDPOINT": server.url, "HF_HOME": str(home), "HF_TOKEN": "hf_0123"}
    # Where the tests run in the background, Ctrl-C is ignored, and so it would be by what they start.
    heeded = "import runpy, signal; signal.signal(signal.SIGINT, signal.default_int_handler)"
    start = f"{heeded}; runpy.run_module('mm_demo', run_name='__main__', alter_sys=True)"
    command = [sys.executable, "-c", start, "models", *argv]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_get_and_free_by_the_environment(hub: HubServer, tmp_path: Path) -> None:
    hub.faults = Faults(gated=frozenset({ID}))
    process = started(hub, tmp_path / "home", "get", ID, "--json")
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    answer = json.loads(out)
    assert Path(answer["path"]).is_relative_to(tmp_path / "home" / "hub")
    assert (answer["id"], answer["commit"], answer["bytes_here"]) == (ID, Path(answer["path"]).name, hub.sent())
    assert ID in err and "B/s" in err and "Traceback" not in err
    process = started(hub, tmp_path / "home", "free", ID, "--json")
    out, err = process.communicate(timeout=60)
    assert json.loads(out) == {"id": ID, "freed_bytes": hub.sent()}


def test_ctrl_c_says_what_is_kept(hub: HubServer, tmp_path: Path) -> None:
    hub.faults = Faults(bytes_per_second=20_000)
    process = started(hub, tmp_path / "home", "get", ID)
    while not hub.sent("model.safetensors"):
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (130, "")
    assert err.endswith(f"mm_demo: stopped; 1 MB of '{ID}' are kept, and getting it again goes on.\n")
    assert list((tmp_path / "home").rglob("*.incomplete"))


@pytest.mark.parametrize("action", ["get", "free"])
def test_mistakes_are_one_line(command: CommandLine, weights: Path, action: str) -> None:
    for argv in ([action], [action, "../up"], [action, CAPTION], [action, "no/such"]):
        outcome = command("models", *argv)
        assert (outcome.status, outcome.out, outcome.err.count("\n")) == (2, "", 1)
