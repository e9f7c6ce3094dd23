"""What is in the hub's cache, and making room there."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from huggingface_hub import snapshot_download

from mm_demo.errors import UserError
from mm_demo.models.catalog import cards_for, find_card
from mm_demo.models.device import choose_device
from mm_demo.models.hub import default
from mm_demo.models.hub.cache import alone, bytes_here, free, local_folder
from mm_demo.models.hub.default import default_model
from mm_demo.models.hub.getting import get
from tests.hub_server import HubServer
from tests.models.hub.conftest import ID


def test_nothing_is_here(server: HubServer, cache: Path) -> None:
    assert (local_folder(ID), bytes_here(ID)) == (None, 0)
    assert (local_folder("../up"), bytes_here("a b")) == (None, 0)
    with pytest.raises(UserError, match=f"Nothing of the model '{ID}' is in {cache}"):
        free(ID)
    assert server.requests == []


@pytest.mark.parametrize("name", ["config.json", "model.safetensors", "tokenizer.json"])
def test_a_link_that_leads_nowhere(server: HubServer, repository: Path, name: str) -> None:
    folder = get(ID)
    (folder / name).resolve().unlink()
    assert local_folder(ID) is None


@pytest.mark.parametrize("name", ["config.json", "model.safetensors"])
def test_a_file_that_never_came(server: HubServer, repository: Path, name: str) -> None:
    folder = get(ID)
    (folder / name).unlink()
    assert local_folder(ID) is None


def test_a_reference_that_is_none(server: HubServer, repository: Path, cache: Path) -> None:
    get(ID)
    for text in ("", "../../..", "ß"):
        (cache / "models--someone--captions" / "refs" / "main").write_text(text)
        assert local_folder(ID) is None


def test_the_pinned_revision_comes_first_and_what_is_here_will_do(
    server: HubServer, repository: Path, cache: Path
) -> None:
    theirs = "openai/whisper-tiny"
    card = find_card(theirs)
    assert card is not None and card.revision is not None
    (server.folder / theirs).parent.mkdir()
    repository.rename(server.folder / theirs)
    main = Path(snapshot_download(theirs, cache_dir=cache, endpoint=server.url))
    assert main.name != card.revision and local_folder(theirs) == main
    pinned = server.folder / f"{theirs}@{card.revision}"
    (server.folder / theirs).rename(pinned)
    pinned.joinpath("generation_config.json").unlink()
    (server.folder / theirs).mkdir()
    assert get(theirs).name == card.revision
    assert local_folder(theirs) == get(theirs)
    assert local_folder(theirs, "main") == main


def test_freeing_takes_everything_of_one_model(server: HubServer, repository: Path, cache: Path) -> None:
    snapshot_download(ID, cache_dir=cache, endpoint=server.url)
    (repository.parent / "other").mkdir()
    for file in repository.glob("*.*"):
        (repository.parent / "other" / file.name).write_bytes(file.read_bytes())
    other = get("someone/other")
    (cache / "models--someone--captions" / "blobs" / "0.incomplete").write_bytes(bytes(1000))
    before = bytes_here(ID)
    assert before == 1000 + sum(f.stat().st_size for f in repository.rglob("*") if f.is_file()) - 4 * len(b"useless")
    assert free(ID) == before
    assert (bytes_here(ID), local_folder(ID)) == (0, None)
    assert not (cache / "models--someone--captions").exists()
    assert local_folder("someone/other") == other


def test_what_was_never_finished_is_freed_too(server: HubServer, cache: Path) -> None:
    blobs = cache / "models--someone--captions" / "blobs"
    blobs.mkdir(parents=True)
    (blobs / "0.incomplete").write_bytes(bytes(1000))
    assert (bytes_here(ID), free(ID), bytes_here(ID)) == (1000, 1000, 0)


def test_what_is_being_downloaded_is_not_freed(server: HubServer, repository: Path) -> None:
    folder, held, done = get(ID), threading.Event(), threading.Event()

    def hold() -> None:
        with alone(ID, patience=1):
            held.set()
            done.wait(10)

    thread = threading.Thread(target=hold)
    thread.start()
    held.wait(10)
    try:
        with pytest.raises(UserError, match=f"'{ID}' is being downloaded; cancel that first"):
            free(ID)
    finally:
        done.set()
        thread.join()
    assert local_folder(ID) == folder


def test_the_model_a_task_starts_with(monkeypatch: pytest.MonkeyPatch) -> None:
    here = {"HuggingFaceTB/SmolVLM-256M-Instruct", "superb/hubert-base-superb-er"}
    monkeypatch.setattr(default, "local_folder", lambda name: Path("x") if name in here else None)
    embedded = {task: cards_for(task, "embedded")[0].id for task in ("caption", "vqa", "retrieval", "sentiment")}
    cpu = choose_device("cpu")
    monkeypatch.setattr(default, "choose_device", lambda: cpu)
    assert {task: default_model(task) for task in embedded} == embedded
    gpu = type("Gpu", (), {"device": type("Device", (), {"type": "cuda"})})
    monkeypatch.setattr(default, "choose_device", lambda: gpu)
    assert {task: default_model(task) for task in embedded} == embedded | {
        "caption": "HuggingFaceTB/SmolVLM-256M-Instruct",
        "vqa": "HuggingFaceTB/SmolVLM-256M-Instruct",
    }
