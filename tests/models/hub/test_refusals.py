"""Whatever the hub, the network or the disk refuses is one sentence that says what to do."""

from __future__ import annotations

import errno
import shutil
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from huggingface_hub import constants

from mm_demo.errors import UserError
from mm_demo.models.hub import fetching, getting, listing
from mm_demo.models.hub.cache import bytes_here, local_folder
from mm_demo.models.hub.getting import Progress, get
from tests.hub_server import Faults, HubServer
from tests.models.hub.conftest import ID


class Usage(NamedTuple):
    total: int
    used: int
    free: int


def refusal(model_id: str = ID, progress: Callable[[Progress], None] | None = None) -> str:
    with pytest.raises(UserError) as caught:
        get(model_id, progress=progress)
    sentence = str(caught.value)
    assert "\n" not in sentence and sentence.endswith(".")
    return sentence


def test_a_gated_model(server: HubServer, repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server.faults = Faults(gated=frozenset({ID}))
    assert f"accept its terms at {server.url}/{ID}, then sign in with `hf auth login`, or set HF_TOKEN" in refusal()
    monkeypatch.setenv("HF_TOKEN", "hf_0123")
    get(ID)
    assert server.requests[-1].headers["authorization"] == "Bearer hf_0123"


def test_the_token_does_not_leave_the_hub(server: HubServer, repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_0123")
    with HubServer(server.folder) as elsewhere:
        server.faults = Faults(gated=frozenset({ID}), elsewhere=elsewhere.url.replace("127.0.0.1", "localhost"))
        get(ID)
    assert elsewhere.sent("model.safetensors") == (repository / "model.safetensors").stat().st_size
    assert [request.headers.get("authorization") for request in elsewhere.requests] == [None]


@pytest.mark.parametrize(
    ("faults", "sentence"),
    [
        (Faults(status=403, code="GatedRepo", where="file"), "needs your agreement"),
        (Faults(status=401), "does not let you read"),
        (Faults(status=403), "does not let you read"),
        (Faults(status=404, code="RepoNotFound"), f"no model '{ID}' that you may read"),
        (Faults(status=404, code="RevisionNotFound"), "no revision 'main'"),
        (Faults(status=404, code="EntryNotFound", where="file"), "has lost a file"),
        (Faults(status=429), r"overloaded or out of order (429)"),
        (Faults(status=500, where="api"), r"overloaded or out of order (500)"),
        (Faults(status=503, where="file"), r"overloaded or out of order (503)"),
        (Faults(status=418), "refuses 'someone/captions' (418)"),
        (Faults(cut_after=0), "The connection to the hub broke; 1 MB of 1 MB are kept"),
    ],
    ids=lambda value: f"{value.status}-{value.code}-{value.where}" if isinstance(value, Faults) else "",
)
def test_what_the_hub_refuses(server: HubServer, repository: Path, faults: Faults, sentence: str) -> None:
    server.faults = faults
    assert sentence in refusal()
    server.faults = Faults()
    assert get(ID) == local_folder(ID)


@pytest.mark.parametrize("where", ["api", "file"])
def test_a_moment_of_weakness_is_waited_out(server: HubServer, repository: Path, where: str) -> None:
    server.faults = Faults(status=503, where=where, times=2)
    assert get(ID) == local_folder(ID)


def test_a_range_that_the_hub_calls_impossible(server: HubServer, repository: Path) -> None:
    server.faults = Faults(status=416, where="file", times=2)
    assert get(ID) == local_folder(ID)


def test_no_safetensors(server: HubServer, repository: Path, cache: Path) -> None:
    (repository / "model.safetensors").unlink()
    assert "has no safetensors of" in (sentence := refusal()) and "nothing was downloaded" in sentence
    assert (server.sent(), bytes_here(ID)) == (0, 0)
    theirs = "Salesforce/blip-image-captioning-base"
    (server.folder / theirs).parent.mkdir()
    shutil.copytree(repository, server.folder / theirs)
    assert "try 'HuggingFaceTB/SmolVLM-256M-Instruct'" in refusal(theirs)


def test_no_checkpoint_at_all(server: HubServer, repository: Path) -> None:
    (repository / "config.json").unlink()
    assert "is no whole checkpoint" in refusal()


@pytest.mark.parametrize("name", ["", "a/b/c", "../up", "a b", "/etc"])
def test_names_that_are_none(server: HubServer, name: str) -> None:
    assert "is no hub id; write it as OWNER/NAME" in refusal(name)


def test_an_embedded_model_is_there_already(server: HubServer) -> None:
    assert "comes with the app" in refusal("blip-vqa-scenes")


def test_offline(server: HubServer, repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    assert refusal().startswith("HF_HUB_OFFLINE is set")
    assert server.requests == []
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    folder = get(ID)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    assert get(ID) == folder


def test_nobody_listens(server: HubServer, repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = get(ID)
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    monkeypatch.setattr(constants, "ENDPOINT", f"http://127.0.0.1:{port}")
    assert get(ID) == folder
    assert "(127.0.0.1) can't be reached" in refusal("someone/else")


def test_somebody_listens_and_never_answers(
    server: HubServer, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "ANSWER_SECONDS", 0.2)
    server.faults = Faults(silent=True)
    assert "can't be reached" in refusal()


def test_the_name_is_not_resolved(server: HubServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """That takes its time in no HTTP client's time-out: waiting for it would end in another sentence."""
    done = threading.Event()

    def resolve(*_: Any, **__: Any) -> list[Any]:
        done.wait(20)
        raise RuntimeError("waited for")

    monkeypatch.setattr(listing, "ANSWER_SECONDS", 0.2)
    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    monkeypatch.setattr(constants, "ENDPOINT", "http://hub.invalid")
    try:
        assert "(hub.invalid) can't be reached" in refusal()
    finally:
        done.set()


def test_an_endpoint_that_is_none(server: HubServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "ENDPOINT", "hub")
    assert "HF_ENDPOINT is 'hub', which is no address" in refusal()


def test_something_else_answers(server: HubServer, repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.hub_server.json.dumps", lambda answer: "<html>Welcome to the hotel</html>")
    assert "is not the hub; check HF_ENDPOINT" in refusal()


def test_a_silent_download_ends(server: HubServer, repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "_TIMEOUT", 0.1)

    def fall_silent(progress: Progress) -> None:
        server.faults = Faults(silent=True)

    assert "The connection to the hub broke" in refusal(progress=fall_silent)


def test_too_little_space(server: HubServer, repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(getting.shutil, "disk_usage", lambda path: Usage(10**9, 10**9 - 2000, 2000))
    sentence = refusal()
    assert "needs 1 MB, and 1 MB are free on the disk with" in sentence and "set HF_HOME" in sentence
    assert server.sent() == 0


def test_the_disk_fills_up(server: HubServer, repository: Path) -> None:
    def full(progress: Progress) -> None:
        if progress.done > progress.total // 2:
            raise OSError(errno.ENOSPC, "No space left on device")

    server.faults = Faults(bytes_per_second=800_000)
    assert "is full; what has come is kept" in refusal(progress=full)
    assert bytes_here(ID) > 0
    assert get(ID) == local_folder(ID)


def test_a_cache_that_can_not_be_written_to(
    server: HubServer, repository: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache.write_text("a file where a folder should be")
    sentence = refusal()
    assert f"The cache {cache} can't be written to" in sentence and "set HF_HOME" in sentence
