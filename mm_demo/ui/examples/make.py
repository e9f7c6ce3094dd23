"""Draws the example pictures and writes questions that fit them: `python -m mm_demo.ui.examples.make`."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random

from PIL import Image

from mm_demo.scenes import Scene, make_scene
from mm_demo.scenes.captions import caption_of
from mm_demo.scenes.questions import ask

FOLDER = Path(__file__).parent
SEEDS = (37, 25, 44, 58, 4, 34, 2, 17)
"""Chosen by eye from the held-out pictures: clear, and unlike one another."""
SIZE = 192
TYPES = ("color", "count_all", "where", "relative", "exists")


def main() -> None:
    notes = {}
    for number, seed in enumerate(SEEDS, start=1):
        scene = make_scene(seed, SIZE, "test")
        name = f"scene-{number}.png"
        Image.fromarray(scene.picture).save(FOLDER / name, optimize=True)
        notes[name] = {
            "shows": caption_of(scene.objects, Random(seed), "full").replace(" ,", ","),
            "questions": _questions(scene, seed),
        }
    (FOLDER / "notes.json").write_text(json.dumps(notes, indent=1) + "\n")


def _questions(scene: Scene, seed: int) -> list[str]:
    rng = Random(seed)
    asked = [ask(scene.objects, rng, name) for name in TYPES]
    return [question.text.lower().rstrip("?. ") + "?" for question in asked if question]


if __name__ == "__main__":
    main()
