"""`scenes --n N --out DIR`: pictures of the generated world, with everything that is true of them."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

from mm_demo.commands.arguments import whole_number
from mm_demo.commands.report import Report
from mm_demo.errors import UserError

if TYPE_CHECKING:
    from mm_demo.scenes.truth import Scene

HELP = "write generated pictures with their truth as JSON"
_QUESTIONS = 12
_MASK_SHADES = ((0, 0, 0), (230, 159, 0), (86, 180, 233), (0, 158, 115), (240, 228, 66), (213, 94, 0), (204, 121, 167))
"""Only so that a mask can be looked at (Okabe and Ito's colours); what counts is the pixel's index."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--n", type=whole_number(1, 1_000_000), default=12, metavar="N", help="how many (default 12)")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder for them, made if missing")
    parser.add_argument("--seed", type=whole_number(0, 2**62), default=0, metavar="S", help="the first one's seed")
    parser.add_argument(
        "--size", type=whole_number(32, 2048), default=128, metavar="PX", help="side in pixels (default 128)"
    )


def run(arguments: argparse.Namespace) -> Report:
    from mm_demo.scenes import make_scene

    out: Path = arguments.out
    written = []
    try:
        out.mkdir(parents=True, exist_ok=True)
        for seed in range(arguments.seed, arguments.seed + arguments.n):
            written.append(write_scene(make_scene(seed, arguments.size), seed, out))
    except OSError as error:
        raise UserError(f"“{out}” can't be written ({error.strerror}): choose another folder with --out.") from error
    return Report({"folder": str(out), "scenes": written}, f"Scenes written to {out}: {len(written)}")


def write_scene(scene: Scene, seed: int, out: Path) -> dict[str, str]:
    """Write `scene-SEED.png`, `scene-SEED.mask.png` (each pixel's index: 0 or the object's `mask_index`) and `.json`.

    Returns:
        The names of the three files: "picture", "mask", "truth".
    """
    import numpy as np
    from PIL import Image

    stem = f"scene-{seed:05d}"
    names = {"picture": f"{stem}.png", "mask": f"{stem}.mask.png", "truth": f"{stem}.json"}
    Image.fromarray(scene.picture).save(out / names["picture"])

    indices = np.zeros(scene.picture.shape[:2], np.uint8)
    for index, item in enumerate(scene.objects, start=1):
        indices[item.mask] = index
    mask = Image.fromarray(indices)
    mask.putpalette([level for shade in _MASK_SHADES for level in shade])
    mask.save(out / names["mask"])

    content = {"seed": seed, "picture": names["picture"], "mask": names["mask"], **truth(scene, seed)}
    (out / names["truth"]).write_text(json.dumps(content, indent=1), encoding="utf-8")
    return names


def truth(scene: Scene, seed: int) -> dict[str, Any]:
    """Everything true of a scene but its pixels; boxes are fractions, `about` counts objects from 0."""
    from mm_demo.scenes.captions import STYLES, caption_of
    from mm_demo.scenes.questions import questions_of
    from mm_demo.scenes.wording import vary

    rng = Random(seed)
    return {
        "objects": [
            {
                "kind": item.kind,
                "color": item.color,
                "size": item.size,
                "box": [round(float(edge), 4) for edge in item.box],
                "mask_index": index,
            }
            for index, item in enumerate(scene.objects, start=1)
        ],
        "captions": {style: caption_of(scene.objects, rng, style) for style in STYLES},
        "questions": [
            {"type": q.type, "text": vary(q.text, rng, typos=0.0), "answer": q.answer, "about": list(map(int, q.about))}
            for q in questions_of(scene.objects, rng, _QUESTIONS)
        ],
    }
