"""`search` and `index` for machines and for people, with a model that knows colours only."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import mm_demo
from mm_demo.tasks.retrieval import RetrievalTask
from tests.index.colours import save_pictures, vector
from tests.tasks.colour_matcher import ColourMatcher, painted, unit, word_vector

CommandLine = Callable[..., Any]


@dataclass
class Interrupted(ColourMatcher):
    """Somebody presses Ctrl-C while it looks at its third batch."""

    def embed_pictures(self, pictures: Sequence[Image.Image]) -> np.ndarray:
        if len(self.seen) == 2:
            signal.raise_signal(signal.SIGINT)
        return super().embed_pictures(pictures)


def test_search_for_machines(command: CommandLine, model: ColourMatcher, folder: Path) -> None:
    outcome = command("search", folder, "green", "-k", "2", "--json")
    assert outcome.status == 0 and outcome.out.count("\n") == 1
    answer = json.loads(outcome.out)
    assert [hit["path"] for hit in answer["hits"]][0] == str(folder / "sub/b.png") and len(answer["hits"]) == 2
    assert set(answer["hits"][0]) == {"path", "score"}
    cosine = float(unit(word_vector("green") + 1e-3) @ vector(painted(ground="green")))
    assert answer["hits"][0]["score"] == pytest.approx(cosine, abs=1e-5)
    assert (answer["skipped"], answer["unknown_words"], answer["notes"]) == ([], [], [])
    assert json.loads(command("search", folder, folder / "a.png", "--json").out)["hits"][0]["path"] == str(
        folder / "a.png"
    )


def test_search_for_people(command: CommandLine, model: ColourMatcher, folder: Path) -> None:
    (folder / "bad\n.png").write_bytes(b"")
    outcome = command("search", folder, "a blue snark")
    rows = [line.split() for line in outcome.out.splitlines()]
    assert rows[0] == ["score", "picture"] and rows[1][0] == "1" and len(rows[1][2].strip("█")) == 0
    assert rows[1][-2:] == [str(folder / "line\\nbreak"), "🌟.png"], "one line a picture, whatever its name"
    assert "1 file or folder was passed over:" in outcome.out and "bad\\n.png: “bad .png” is empty" in outcome.out
    assert "doesn't know these words: a, snark." in outcome.err
    assert "indexing: 100%" in outcome.err
    assert "indexing" not in command("search", folder / "sub", "green").out


def test_a_picture_beside_the_words(command: CommandLine, model: ColourMatcher, folder: Path, tmp_path: Path) -> None:
    Image.new("RGB", (9, 5), "red").save(tmp_path / "query.png")

    def first(*options: str) -> str:
        out = command("search", folder, "green", "--image", tmp_path / "query.png", *options, "--json").out
        return Path(json.loads(out)["hits"][0]["path"]).name

    assert (first("--text-share", "0.9"), first("--text-share", "0.1")) == ("b.png", "a.png")


def test_an_unfamiliar_picture_is_said(command: CommandLine, model: ColourMatcher, folder: Path) -> None:
    Image.new("RGB", (5, 9), "red").save(folder / "tall.png")
    out = command("search", folder, folder / "tall.png").out
    assert "(familiarity 0.25)" in out
    assert json.loads(command("search", folder, folder / "tall.png", "--json").out)["familiar"] is False


def test_a_very_long_query_is_answered_with_a_remark(command: CommandLine, model: ColourMatcher, folder: Path) -> None:
    outcome = command("search", folder, "red " * 10_000, "--json")
    answer = json.loads(outcome.out)
    assert Path(answer["hits"][0]["path"]).name == "a.png"
    assert answer["notes"] == ["The query is longer than the model can read: only its first 20 words were looked for."]
    assert answer["notes"][0] in outcome.err


def test_index_counts_what_it_did(command: CommandLine, model: ColourMatcher, folder: Path, tmp_path: Path) -> None:
    def index() -> dict[str, Any]:
        outcome = command("index", folder, "--index", tmp_path / "kept here", "--json")
        assert outcome.status == 0
        return dict(json.loads(outcome.out))

    expected = {"pictures": 3, "added": 3, "changed": 0, "removed": 0, "kept": 0, "skipped": [], "cancelled": False}
    assert index() == expected
    assert index() == expected | {"added": 0, "kept": 3}
    painted((1, 1, "red"), ground="white", size=(80, 64)).save(folder / "a.png")
    (folder / "sub/b.png").unlink()
    (folder / "c.png").write_bytes(b"no picture")
    done = index()
    assert (done["pictures"], done["changed"], done["removed"], done["kept"]) == (2, 1, 1, 1)
    assert done["skipped"] == [{"path": str(folder / "c.png"), "reason": done["skipped"][0]["reason"]}]
    assert "not a picture" in done["skipped"][0]["reason"]
    out = command("index", folder, "--index", tmp_path / "kept here").out
    assert out.startswith("2 pictures can be searched.\n0 added, 0 changed, 0 removed, 2 kept, 1 skipped.\n")
    found = json.loads(command("search", folder, "red", "--index", tmp_path / "kept here", "--json").out)["hits"]
    assert len(found) == 2 and not (tmp_path / "cache").exists()


def test_ctrl_c_keeps_what_is_done(
    command: CommandLine, model: ColourMatcher, tmp_path: Path, monkeypatch: Any
) -> None:
    save_pictures(tmp_path / "many", 40)
    monkeypatch.setattr(mm_demo, "load", lambda *_, **__: RetrievalTask(Interrupted()))
    before = signal.getsignal(signal.SIGINT)
    outcome = command("index", tmp_path / "many", "--json")
    done = json.loads(outcome.out)
    assert outcome.status == 130 and done["cancelled"] and 0 < done["added"] < 20
    assert signal.getsignal(signal.SIGINT) == before
    stopped = command("search", tmp_path / "many", "red")
    assert (stopped.status, stopped.out) == (130, "") and stopped.err.endswith("mm_demo: stopped.\n")
    monkeypatch.setattr(mm_demo, "load", lambda *_, **__: RetrievalTask(model))
    again = json.loads(command("index", tmp_path / "many", "--json").out)
    assert again["kept"] >= done["added"] and again["kept"] + again["added"] == 40 and not again["cancelled"]
