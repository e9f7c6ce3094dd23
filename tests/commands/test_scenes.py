"""`scenes` writes what `mm_demo.scenes` draws, and all of its truth."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from mm_demo.scenes import COLORS, KINDS, SIZES, make_scene

CommandLine = Callable[..., Any]


def test_pictures_masks_and_truth(command: CommandLine, tmp_path: Path) -> None:
    out = tmp_path / "new" / "folder"
    outcome = command("scenes", "--n", 4, "--out", out, "--seed", 30, "--size", 96, "--json")
    assert outcome.status == 0
    answer = json.loads(outcome.out)
    assert answer["folder"] == str(out) and len(answer["scenes"]) == 4
    assert sorted(path.name for path in out.iterdir()) == sorted(
        name for names in answer["scenes"] for name in names.values()
    )
    for seed, names in enumerate(answer["scenes"], start=30):
        scene = make_scene(seed, 96)
        assert np.array_equal(np.asarray(Image.open(out / names["picture"])), scene.picture)
        indices = np.asarray(Image.open(out / names["mask"]))
        truth = json.loads((out / names["truth"]).read_text(encoding="utf-8"))
        assert (truth["seed"], truth["picture"], truth["mask"]) == (seed, names["picture"], names["mask"])
        assert len(truth["objects"]) == len(scene.objects)
        for written, drawn in zip(truth["objects"], scene.objects, strict=True):
            assert np.array_equal(indices == written["mask_index"], drawn.mask)
            assert (written["kind"], written["color"], written["size"]) == (drawn.kind, drawn.color, drawn.size)
            assert written["kind"] in KINDS and written["color"] in COLORS and written["size"] in SIZES
            assert written["box"] == pytest.approx(drawn.box, abs=1e-4)
        kinds = [drawn.kind for drawn in scene.objects]
        assert any(kind in truth["captions"]["full"] for kind in kinds)
        assert len(truth["questions"]) == 12
        for question in truth["questions"]:
            assert question["type"] and question["text"] and question["answer"]
            assert all(0 <= index < len(scene.objects) for index in question["about"])


def test_the_same_seed_writes_the_same_files(command: CommandLine, tmp_path: Path) -> None:
    for name in ("one", "two"):
        assert command("scenes", "--n", 2, "--out", tmp_path / name).status == 0
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes()


def test_for_people(command: CommandLine, tmp_path: Path) -> None:
    assert command("scenes", "--n", 1, "--out", tmp_path).out == f"Scenes written to {tmp_path}: 1\n"


def test_a_folder_that_cannot_be_written(command: CommandLine, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for out in (tmp_path / "file", tmp_path / "file" / "below", "x" * 300):
        outcome = command("scenes", "--n", 1, "--out", out, "--json")
        assert (outcome.status, outcome.out, outcome.err.count("\n")) == (2, "", 1)
        assert "choose another folder with --out" in outcome.err


@pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX only")
def test_ctrl_c_in_a_real_process(tmp_path: Path) -> None:
    running = subprocess.Popen(
        [sys.executable, "-m", "mm_demo", "scenes", "--n", "1000000", "--out", str(tmp_path)],
        cwd=Path(__file__).parents[2],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # Whoever started the tests in the background has the signal ignored, and children inherit that.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    while running.poll() is None and not list(tmp_path.glob("*.json")):
        time.sleep(0.05)
    running.send_signal(signal.SIGINT)
    try:
        out, err = running.communicate(timeout=60)
    finally:
        running.kill()
    assert (running.returncode, out, err) == (130, "", "mm_demo: stopped.\n")
