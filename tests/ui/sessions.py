"""Being one person's page, as Gradio tells it to a handler."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

from gradio.context import LocalContext


def request(session: str, client: str = "127.0.0.1", headers: Mapping[str, str] | None = None) -> Any:
    """A request of that session, straight from this machine unless said otherwise."""
    return SimpleNamespace(
        session_hash=session, client=SimpleNamespace(host=client), headers=headers or {"host": "127.0.0.1:7860"}
    )


@contextmanager
def page_of(session: str) -> Iterator[None]:
    """What runs inside is asked for by that session."""
    before = LocalContext.request.set(request(session))
    try:
        yield
    finally:
        LocalContext.request.reset(before)
