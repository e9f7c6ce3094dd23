"""What evidence costs, as ratios from one interleaved run on random weights.

    python -m benchmarks.evidence [--sizes embedded,base] [--rounds 5] [--steps 16] [--orders 10] [--share 1.0]

Printed are the medians of the rounds' ratios:

- exact shares of two modalities / one forward, from the picture to the answer's probability;
- a deletion curve (the map's order, random orders, and their reverses) in batches / the same forwards one by
  one, for patches painted over and for patches out of sight.

One by one means one picture and one question a forward, by the model's own classes. With --share below 1 a random part
of the curve's variants is timed, by both ways.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable

import numpy as np
import torch
from PIL import Image
from transformers import BlipForQuestionAnswering

from benchmarks.attention import QUESTIONS, SIZES
from mm_demo.models.blip import BlipAnswerer
from mm_demo.models.device import Device, choose_device
from mm_demo.models.family import ModelInfo
from mm_demo.models.removal import filling, without_patches
from mm_demo.tasks.results import VqaResult
from mm_demo.tasks.vqa import VqaTask
from tests.checkpoints import Size, make_model, make_processor


def main() -> None:
    """Run every size and print its ratios."""
    parser = argparse.ArgumentParser(description="Cost of evidence, as ratios on random weights.")
    parser.add_argument("--sizes", default="embedded,base", help="which of embedded, base (default: both)")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=16, help="of a deletion curve")
    parser.add_argument("--orders", type=int, default=10, help="random orders beside the map's")
    parser.add_argument("--share", type=float, default=1.0, help="share of the curve's variants that is timed")
    parser.add_argument("--device", help="cpu, cuda, mps; default: the best that is there")
    options = parser.parse_args()
    where = choose_device(options.device)
    print(f"{where.device}, {where.dtype_name}, {torch.get_num_threads()} threads")
    for name in options.sizes.split(","):
        _Bench(SIZES[name], where).run(name, options)


class _Bench:
    """One size of model, with a question of which the answer is known."""

    def __init__(self, size: Size, where: Device) -> None:
        model = make_model(BlipForQuestionAnswering, size)
        head = model.text_decoder.cls.predictions
        head.decoder.bias[3] = head.bias[3] = 30.0  # the end at once: one-word answers, as from a sure model
        self.model = model.to(where.device, where.dtype)
        self.processor = make_processor(size)
        info = ModelInfo("random", "random", "local", str(where.device), where.dtype_name, 0, 0, 1, 1)
        self.task = VqaTask(BlipAnswerer(self.model, self.processor, info))
        self.grid, self.patch = (size.image // size.patch,) * 2, size.patch
        self.where = where

    def run(self, name: str, options: argparse.Namespace) -> None:
        """Print the ratios."""
        generator = np.random.default_rng(0)
        ratios: dict[str, list[float]] = {}
        curve = 0
        for turn in range(options.rounds + 1):
            image = Image.fromarray(generator.integers(0, 256, (240, 320, 3), dtype=np.uint8))
            result = self.task(image, QUESTIONS[0])
            keep = _variants(self.grid[0] * self.grid[1], options.steps, options.orders, turn)
            keep = keep[generator.random(len(keep)) < options.share]
            curve = len(keep)
            ways = {
                "shares / one forward": (
                    lambda r=result: self.task.coalition_shares(r),
                    lambda r=result: self.forward(r, self.pixels(r), None),
                )
            }
            for way in ("mean", "attention"):
                ways[f"curve ({way}) / one by one"] = (
                    lambda r=result, w=way, k=keep: self.task.probe(r, "image", w).score(k),
                    lambda r=result, w=way, k=keep: self.one_by_one(r, w, k),
                )
            for what, (ours, theirs) in ways.items():
                pair = [_seconds(run) for run in ((ours, theirs) if turn % 2 else (theirs, ours))]
                above, below = pair if turn % 2 else pair[::-1]
                if turn:
                    ratios.setdefault(what, []).append(above / below)
        print(f"{name} size, {options.rounds} rounds, curves of {curve} variants")
        for what, found in ratios.items():
            print(f"    {what}: {statistics.median(found):.3f}  [{min(found):.3f}, {max(found):.3f}]")

    def pixels(self, result: VqaResult) -> torch.Tensor:
        """(3, height, width) on the device."""
        pixels = self.processor.image_processor(images=result.image, return_tensors="pt")["pixel_values"][0]
        return pixels.to(self.where.device, self.where.dtype)

    def one_by_one(self, result: VqaResult, way: str, keep: np.ndarray) -> None:
        """The variants of a probe, each by a forward of its own."""
        pixels = self.pixels(result)
        filled = filling(pixels, "mean")
        for row in keep:
            if way == "attention":
                self.forward(result, None, row)
            else:
                mask = torch.from_numpy(row[None])
                self.forward(result, without_patches(pixels, filled, mask, self.grid, self.patch)[0], None)

    def forward(self, result: VqaResult, pixels: torch.Tensor | None, row: np.ndarray | None) -> float:
        """The log-probability of the answer by the model's own classes; without pixels on the states that are there."""
        ids = self.processor(text=result.question, return_tensors="pt")["input_ids"].to(self.where.device)
        answer = [*result.spellings[0], 3]
        with torch.inference_mode():
            if pixels is None:
                states = self.task._model.look(result.image).states
            else:
                states = self.model.vision_model(pixels[None]).last_hidden_state
            if row is not None:
                states = states[:, [0, *(1 + np.flatnonzero(row)).tolist()]]
            question = self.model.text_encoder(ids, encoder_hidden_states=states).last_hidden_state
            read = torch.tensor([[5, *answer[:-1]]], device=self.where.device)
            chances = self.model.text_decoder(read, encoder_hidden_states=question).logits[0].float().log_softmax(-1)
            return sum(float(chances[i, token]) for i, token in enumerate(answer))


def _variants(patches: int, steps: int, orders: int, seed: int) -> np.ndarray:
    """(n, patches): what stays at every step of deletion, by the orders and by their reverses."""
    generator = np.random.default_rng(seed)
    kept = []
    for order in (generator.permutation(patches) for _ in range(1 + orders)):
        for way in (order, order[::-1]):
            for step in range(steps + 1):
                row = np.ones(patches, bool)
                row[way[: round(step / steps * patches)]] = False
                kept.append(row)
    return np.array(kept)


def _seconds(run: Callable[[], object]) -> float:
    start = time.perf_counter()
    run()
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
