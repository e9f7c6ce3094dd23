"""A hub on this machine with one small repository, and an empty cache."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from mm_demo.models.hub import fetching
from tests.hub_server import HubServer, point_to

ID = "someone/captions"
USELESS = ("pytorch_model.bin", "tf_model.h5", "modeling.py", "onnx/config.json", "README.md", "model.fp16.safetensors")


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[HubServer]:
    """Serves `tmp_path / "repositories"`, where huggingface_hub now believes the hub to be."""
    monkeypatch.setattr(fetching, "_PAUSE", 0.01)
    with HubServer(tmp_path / "repositories") as server:
        point_to(monkeypatch, server, tmp_path / "cache")
        yield server


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


@pytest.fixture
def repository(server: HubServer, caption_folder: Path) -> Path:
    """A tiny captioner as `ID` on the hub, beside files that nobody needs."""
    folder = Path(shutil.copytree(caption_folder, server.folder / ID))
    for name in USELESS:
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(b"useless")
    return folder
