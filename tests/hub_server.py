"""A small server that speaks the hub's file API for a folder of repositories, with faults to switch on.

By hand: `python -m tests.hub_server FOLDER --port 8123 --bytes-per-second 200000`, then start the app or the command
line with `HF_ENDPOINT=http://127.0.0.1:8123 HF_HOME=/tmp/some-empty-folder` and without `HF_HUB_OFFLINE`.

In a test: `with HubServer(folder) as server:` and `server.url`; switch faults on by assigning to `server.faults`, read
what was asked for from `server.requests`. `point_to(monkeypatch, server, cache)` sends huggingface_hub of this process
there.

`FOLDER/OWNER/NAME/` is the main branch of the repository OWNER/NAME; `FOLDER/OWNER/NAME@REVISION/` is another revision
of it ("/" written as "--": `NAME@refs--pr--1`, which is also an open pull request of the bot that converts pickles). A
revision of 40 hexadecimal digits is its own commit; other commits are hashes of the files. The revision that the
catalog pins is the main branch where it has no folder of its own. Weights are served as LFS files, with a redirect to
another address, as the hub does it.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote, urlsplit

from huggingface_hub import constants

from mm_demo.models.catalog import find_card

if TYPE_CHECKING:
    import pytest

LFS = (".safetensors", ".bin", ".h5", ".msgpack", ".onnx", ".pt")
_COMMIT = re.compile(r"[0-9a-f]{40}")


@dataclass
class Faults:
    """What goes wrong until it is assigned again.

    Attributes:
        status: answer with this status instead; with `code` as X-Error-Code.
        where: which requests the status is for: "api", "file" or "all".
        times: how many requests the status is for; None for all.
        cut_after: break the connection after that many bytes of an LFS file's body; `cuts` times, None for always.
        bytes_per_second: send files no faster than this.
        silent: accept connections and never answer.
        wrong_bytes: send other bytes than the hash promises.
        no_ranges: answer a range with the whole file.
        gated: repositories that want a token.
        elsewhere: address of another server that LFS files come from, as the hub's do.
    """

    status: int | None = None
    code: str | None = None
    where: str = "all"
    times: int | None = None
    cut_after: int | None = None
    cuts: int | None = None
    bytes_per_second: float | None = None
    silent: bool = False
    wrong_bytes: bool = False
    no_ranges: bool = False
    gated: frozenset[str] = frozenset()
    elsewhere: str = ""


@dataclass
class Request:
    """One request that came: `sent` counts the bytes of a file's body that were written to the socket."""

    method: str
    path: str
    headers: dict[str, str]
    status: int = 0
    sent: int = 0


class HubServer(ThreadingHTTPServer):
    """Serves in a thread of its own while the `with` block lasts."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, folder: Path, port: int = 0, faults: Faults | None = None) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.folder = folder
        self.faults = faults or Faults()
        self.requests: list[Request] = []
        self.closing = threading.Event()
        self.lock = threading.Lock()

    @property
    def url(self) -> str:
        """What HF_ENDPOINT is to be."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    def sent(self, ending: str = "") -> int:
        """Bytes of files sent so far, of those whose path ends so."""
        return sum(request.sent for request in self.requests if request.path.endswith(ending))

    def __enter__(self) -> HubServer:
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.closing.set()
        self.shutdown()
        self.server_close()

    def revision(self, repository: str, revision: str) -> tuple[Path, str] | None:
        """The folder of a revision, which may be a commit, and its commit; None where there is none."""
        main = self.folder / repository
        named = sorted(main.parent.glob(f"{main.name}@*"))
        for place in (main, *named) if main.parent.is_dir() else ():
            name = place.name.partition("@")[2].replace("--", "/") or "main"
            commit = _commit_of(place, name)
            if revision in (name, commit):
                return place, commit
        card = find_card(repository)
        if main.is_dir() and card is not None and card.revision == revision:
            return main, _commit_of(main, revision)
        return None

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away in the middle is what half the tests are about."""


@dataclass
class _File:
    """A file of a revision as the API tells of it."""

    path: Path
    name: str
    size: int = field(init=False)
    sha256: str = field(init=False)
    blob: str = field(init=False)

    def __post_init__(self) -> None:
        stat = self.path.stat()
        self.size = stat.st_size
        self.sha256, self.blob = _hashes(self.path, stat.st_size, stat.st_mtime_ns)

    @property
    def lfs(self) -> bool:
        return self.name.endswith(LFS)

    @property
    def etag(self) -> str:
        return self.sha256 if self.lfs else self.blob


@cache
def _hashes(path: Path, size: int, modified: int) -> tuple[str, str]:
    """Of the content: the SHA-256, and the hash git would give it; the arguments after the path only mark changes."""
    sha256, blob = hashlib.sha256(), hashlib.sha1(f"blob {size}\0".encode())
    with path.open("rb") as file:
        while chunk := file.read(1 << 20):
            sha256.update(chunk)
            blob.update(chunk)
    return sha256.hexdigest(), blob.hexdigest()


def _files(folder: Path) -> list[_File]:
    return [_File(p, p.relative_to(folder).as_posix()) for p in sorted(folder.rglob("*")) if p.is_file()]


def _commit_of(folder: Path, revision: str) -> str:
    if _COMMIT.fullmatch(revision):
        return revision
    return hashlib.sha1("\n".join(f"{file.name} {file.sha256}" for file in _files(folder)).encode()).hexdigest()


class _Handler(BaseHTTPRequestHandler):
    server: HubServer
    protocol_version = "HTTP/1.1"

    def do_HEAD(self) -> None:  # noqa: N802
        self._answer()

    def do_GET(self) -> None:  # noqa: N802
        self._answer()

    def log_message(self, *arguments: Any) -> None:
        pass

    def _answer(self) -> None:
        path = unquote(urlsplit(self.path).path)
        self.request_seen = Request(self.command, path, {k.lower(): v for k, v in self.headers.items()})
        self.server.requests.append(self.request_seen)
        if self.server.faults.silent:
            self.server.closing.wait(60)
            self.close_connection = True
            return
        if match := re.fullmatch(r"/api/models/([^/]+/[^/]+)(?:/(revision|tree)/(.+))?", path):
            repository, kind, revision = match.groups()
            if not self._fault("api"):
                self._api(repository, revision or "main", tree=kind == "tree")
        elif match := re.fullmatch(r"/api/models/([^/]+/[^/]+)/discussions", path):
            if not self._fault("api"):
                self._discussions(match[1])
        elif match := re.fullmatch(r"(/content)?/([^/]+/[^/]+)/resolve/(refs/pr/\d+|[^/]+)/(.+)", path):
            content, repository, revision, name = match.groups()
            if not self._fault("file"):
                self._resolve(repository, revision, name, is_content=bool(content))
        else:
            self._error(404, "EntryNotFound", "no such address")

    def _fault(self, where: str) -> bool:
        faults = self.server.faults
        with self.server.lock:
            if faults.status is None or faults.where not in ("all", where) or faults.times == 0:
                return False
            if faults.times is not None:
                faults.times -= 1
        self._error(faults.status, faults.code, f"fault {faults.status}")
        return True

    def _find(self, repository: str, revision: str) -> tuple[Path, str] | None:
        if self.server.revision(repository, "main") is None:
            self._error(404, "RepoNotFound", "Repository not found")
            return None
        found = self.server.revision(repository, revision)
        if found is None:
            self._error(404, "RevisionNotFound", f"Invalid rev id: {revision}")
        return found

    def _api(self, repository: str, revision: str, tree: bool) -> None:
        if (found := self._find(repository, revision)) is None:
            return
        folder, commit = found
        files = _files(folder)
        if tree:
            self._json(
                [{"type": "file", "path": f.name, "size": f.size, "oid": f.blob} | _lfs(f, "oid") for f in files]
            )
            return
        siblings = [{"rfilename": f.name, "size": f.size, "blobId": f.blob} | _lfs(f, "sha256") for f in files]
        gated = "manual" if repository in self.server.faults.gated else False
        about = {"_id": "0", "id": repository, "modelId": repository, "sha": commit, "private": False, "tags": []}
        self._json(about | {"gated": gated, "downloads": 0, "likes": 0, "siblings": siblings})

    def _discussions(self, repository: str) -> None:
        main = self.server.folder / repository
        pulls = [
            {
                "num": int(place.name.rpartition("--")[2]),
                "title": "Adding `safetensors` variant of this model",
                "author": {"name": "SFconvertbot"},
                "createdAt": "2023-01-01T00:00:00.000Z",
                "status": "open",
                "repo": {"name": repository, "type": "model"},
                "isPullRequest": True,
            }
            for place in main.parent.glob(f"{main.name}@refs--pr--*")
        ]
        self._json({"count": len(pulls), "start": 0, "discussions": pulls})

    def _resolve(self, repository: str, revision: str, name: str, is_content: bool) -> None:
        if (found := self._find(repository, revision)) is None:
            return
        if repository in self.server.faults.gated and "authorization" not in self.request_seen.headers:
            self._error(401, "GatedRepo", f"Access to model {repository} is restricted. You must have access to it.")
            return
        folder, commit = found
        file = next((file for file in _files(folder) if file.name == name), None)
        if file is None:
            self._error(404, "EntryNotFound", "Entry not found")
            return
        headers = {"ETag": f'"{file.etag}"', "X-Repo-Commit": commit, "Accept-Ranges": "bytes"}
        if file.lfs:
            headers |= {"X-Linked-Size": str(file.size), "X-Linked-Etag": f'"{file.sha256}"'}
        if file.lfs and not is_content:
            place = (
                f"{self.server.faults.elsewhere}/content/{repository}/resolve/{quote(revision, safe='')}/{quote(name)}"
            )
            self._head(302, headers | {"Location": place, "Content-Length": "0"})
            return
        self._send(file, headers)

    def _send(self, file: _File, headers: dict[str, str]) -> None:
        start, status = 0, 200
        wanted = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        if wanted and not self.server.faults.no_ranges:
            start, status = int(wanted[1]), 206
            if start >= file.size:
                self._head(416, {"Content-Range": f"bytes */{file.size}", "Content-Length": "0"})
                return
            headers = headers | {"Content-Range": f"bytes {start}-{file.size - 1}/{file.size}"}
        self._head(status, headers | {"Content-Length": str(file.size - start)})
        if self.command == "GET":
            with file.path.open("rb") as source:
                source.seek(start)
                self._body(source.read(), file.lfs)

    def _body(self, data: bytes, lfs: bool) -> None:
        faults = self.server.faults
        cut = faults.cut_after if lfs and faults.cuts != 0 else None
        if faults.wrong_bytes and lfs:
            data = data[:-8] + bytes(8 * [255])
        began, rate = time.monotonic(), faults.bytes_per_second
        step = 1 << 16 if rate is None else max(1, int(rate / 20))
        for at in range(0, len(data) if cut is None else min(cut, len(data)), step):
            chunk = data[at : min(at + step, len(data) if cut is None else cut)]
            self.wfile.write(chunk)
            self.request_seen.sent += len(chunk)
            if rate is not None and self.server.closing.wait(
                max(0.0, began + self.request_seen.sent / rate - time.monotonic())
            ):
                break
        if cut is not None and cut < len(data):
            if faults.cuts is not None:
                faults.cuts -= 1
            self.close_connection = True

    def _json(self, answer: Any) -> None:
        data = json.dumps(answer).encode()
        self._head(200, {"Content-Type": "application/json", "Content-Length": str(len(data))})
        self.wfile.write(data)

    def _error(self, status: int, code: str | None, message: str) -> None:
        data = json.dumps({"error": message}).encode()
        headers = {"X-Error-Code": code, "X-Error-Message": message} if code else {}
        self._head(status, headers | {"Content-Type": "application/json", "Content-Length": str(len(data))})
        if self.command == "GET":
            self.wfile.write(data)

    def _head(self, status: int, headers: dict[str, str]) -> None:
        self.request_seen.status = status
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()


def _lfs(file: _File, name: str) -> dict[str, Any]:
    return {"lfs": {name: file.sha256, "size": file.size, "pointerSize": 130}} if file.lfs else {}


def point_to(monkeypatch: pytest.MonkeyPatch, server: HubServer, cache_folder: Path) -> None:
    """Send huggingface_hub of this process to the server, with that folder as its cache and without anybody's token."""
    monkeypatch.setattr(constants, "ENDPOINT", server.url)
    monkeypatch.setattr(
        constants, "HUGGINGFACE_CO_URL_TEMPLATE", server.url + "/{repo_id}/resolve/{revision}/{filename}"
    )
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(cache_folder))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(cache_folder / "token"))
    monkeypatch.delenv("HF_TOKEN", raising=False)


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="Serves FOLDER/OWNER/NAME/ as the hub's repositories OWNER/NAME.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--port", type=int, default=8123)
    parser.add_argument("--bytes-per-second", type=float, help="send no faster than this")
    parser.add_argument("--gated", action="append", default=[], metavar="ID", help="a repository that wants a token")
    parser.add_argument("--status", type=int, help="answer every request with this status")
    parser.add_argument("--silent", action="store_true", help="never answer")
    given = parser.parse_args(argv)
    faults = Faults(
        status=given.status,
        bytes_per_second=given.bytes_per_second,
        silent=given.silent,
        gated=frozenset(given.gated),
    )
    with HubServer(given.folder, given.port, faults) as server:
        print(f"HF_ENDPOINT={server.url}", flush=True)
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            print("stopped")


if __name__ == "__main__":
    main()
