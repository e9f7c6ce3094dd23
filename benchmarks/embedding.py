"""How many pictures a second become vectors, from JPEG files, beside the plain transformers loop, in one run.

    python -m benchmarks.embedding [--sizes embedded,b32] [--rounds 7] [--pictures 96] [--device cpu]

The plain loop opens one picture at a time, gives it to the model's own processor and calls `get_image_features`. Ours
decodes ahead and embeds in batches, as an index is built. Both run on random weights of the same seed, in turning
order; printed are the median pictures a second, the median of the rounds' ratios with its quartiles, and by how much
the vectors differ at most.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch.nn.functional import normalize
from transformers import CLIPConfig, CLIPImageProcessor, CLIPModel, CLIPProcessor

from mm_demo.evaluation.another_hand.pictures import draw_picture
from mm_demo.index.files import PictureFile
from mm_demo.index.reading import read_ahead
from mm_demo.models.clip import ClipMatcher
from mm_demo.models.device import Device, choose_device
from mm_demo.models.family import ModelInfo
from mm_demo.tasks.inputs import read_image
from mm_demo.training import vision
from mm_demo.training.bank import SIDE
from mm_demo.training.clip.processor import make_processor
from mm_demo.training.clip.towers import WIDTH

Way = Callable[[list[PictureFile]], np.ndarray]


def main() -> None:
    """Run every size and print its ratios."""
    parser = argparse.ArgumentParser(description="Pictures embedded a second, beside the plain transformers loop.")
    parser.add_argument("--sizes", default="embedded,b32", help="which of embedded, b32 (default: both)")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--pictures", type=int, default=96, help="a round")
    parser.add_argument("--device", help="cpu, cuda, mps; default: the best that is there")
    options = parser.parse_args()
    where = choose_device(options.device)
    print(f"{where.device}, {where.dtype_name}, {torch.get_num_threads()} threads, {options.pictures} JPEGs a round")
    with tempfile.TemporaryDirectory() as folder:
        files = _pictures(Path(folder), options.pictures)
        for size in options.sizes.split(","):
            _compare(size, files, options.rounds, where)


def _pictures(folder: Path, count: int) -> list[PictureFile]:
    """Drawn pictures of 640 × 480 as JPEG files."""
    files = []
    for seed in range(count):
        path = folder / f"{seed}.jpg"
        Image.fromarray(draw_picture(seed).picture).save(path, quality=90)
        files.append(PictureFile(path.name, path, path.stat().st_size, 0))
    return files


def _compare(size: str, files: list[PictureFile], rounds: int, where: Device) -> None:
    ways = _ways(size, where)
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    vectors: dict[str, np.ndarray] = {}
    for turn in range(rounds + 1):
        for name in sorted(ways, reverse=turn % 2 == 1):
            start = time.perf_counter()
            vectors[name] = ways[name](files)
            if turn:  # the first round warms up
                seconds[name].append(time.perf_counter() - start)
    for name, taken in seconds.items():
        print(f"{size}, {name}: {len(files) / statistics.median(taken):.1f} pictures a second")
    ratios = [plain / ours for plain, ours in zip(seconds["plain loop"], seconds["in batches"], strict=True)]
    low, middle, high = statistics.quantiles(ratios, n=4)
    difference = np.abs(vectors["plain loop"] - vectors["in batches"]).max()
    print(f"{size}: {middle:.2f} times as many  [{low:.2f}, {high:.2f}], vectors differ by at most {difference:.1e}")


def _ways(size: str, where: Device) -> dict[str, Way]:
    processor = make_processor(SIDE, vision.MEAN, vision.STD)
    if size == "b32":
        processor = CLIPProcessor(CLIPImageProcessor(), processor.tokenizer)
    plain = _random(size, processor).to(where.device)
    matcher = ClipMatcher(_random(size, processor).to(where.device, where.dtype), processor, _info(where))

    def loop(files: list[PictureFile]) -> np.ndarray:
        rows = []
        with torch.inference_mode():
            for file in files:
                image = Image.open(file.path).convert("RGB")
                pixels = processor.image_processor(images=image, return_tensors="pt")["pixel_values"]
                features = plain.get_image_features(pixel_values=pixels.to(where.device)).pooler_output
                rows.append(normalize(features, dim=-1).cpu())
        return torch.cat(rows).numpy()

    def batches(files: list[PictureFile]) -> np.ndarray:
        rows, waiting = [], []
        for _, picture in read_ahead(files, read_image, ahead=matcher.batch):
            assert isinstance(picture, Image.Image)
            waiting.append(picture)
            if len(waiting) == matcher.batch:
                rows.append(matcher.embed_pictures(waiting))
                waiting = []
        return np.concatenate([*rows, matcher.embed_pictures(waiting)])

    return {"plain loop": loop, "in batches": batches}


def _random(size: str, processor: CLIPProcessor) -> CLIPModel:
    torch.manual_seed(0)
    tokenizer = processor.tokenizer
    text = {"vocab_size": len(tokenizer), "eos_token_id": tokenizer.eos_token_id, "num_hidden_layers": 1}
    sizes = {
        "embedded": {
            "hidden_size": 160, "intermediate_size": 640, "num_hidden_layers": 5, "num_attention_heads": 5,
            "image_size": SIDE, "patch_size": 16, "hidden_act": "gelu",
        },
        "b32": {},
    }  # fmt: skip
    width = WIDTH if size == "embedded" else 512
    model = CLIPModel(CLIPConfig(text_config=text, vision_config=sizes[size], projection_dim=width))
    return model.eval().requires_grad_(False)


def _info(where: Device) -> ModelInfo:
    return ModelInfo("random", "random", "local", str(where.device), where.dtype_name, 0, 0, 1, 1)


if __name__ == "__main__":
    main()
