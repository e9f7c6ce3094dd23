"""What recording attention costs beside the plain kernel and beside eager attention, on random models of full size.

    python -m benchmarks.recording [--models clip-b16,smolvlm,…] [--rounds 15] [--device cpu] [--memory]

One process runs every way on the same input, interleaved and each round in another order. Printed are the plain
kernel's median and the median of the rounds' ratios with its quartiles. With --memory one fresh process for each way
tells instead how far its resident memory (on a GPU: the allocator's) rises above what it was with the model loaded.

Encoders are recorded whole, all rows of every layer; what writes, by the row of each new token, as the app needs it.
Models whose attention the library computes eagerly in any case (ViLT, BLIP) have no kernel to be compared with: plain
is their ordinary forward, and "eager" what asking it for its weights costs.
"""

from __future__ import annotations

import argparse
import os
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from transformers import (
    BlipConfig,
    BlipForConditionalGeneration,
    CLIPConfig,
    CLIPModel,
    HubertConfig,
    HubertModel,
    PreTrainedModel,
    SmolVLMConfig,
    SmolVLMForConditionalGeneration,
    ViltConfig,
    ViltModel,
)

from mm_demo.attention.recorder import Recorder, Site
from mm_demo.attention.registry import REGISTRY_NAME
from mm_demo.models.device import choose_device

WAYS = ("plain", "every layer", "one layer", "eager")
NEW_TOKENS = 12
IMAGE_TOKEN, TILE_TOKENS, WORDS = 49_190, 64, 30


@dataclass(frozen=True)
class Subject:
    """A model, its input, and where its attention lives.

    Attributes:
        title: as the table names it.
        make: the random model, or the part of it that runs.
        inputs: what it is given.
        layers: path of its list of layers.
        module: path of the attention within a layer.
        registry: it goes through the transformers attention registry.
        writes: it generates tokens; otherwise one forward is timed.
        says: what its forward must be asked for so that modules hand out their weights.
    """

    title: str
    make: Callable[[], PreTrainedModel]
    inputs: Callable[[], dict[str, Tensor]]
    layers: str
    module: str = "self_attn"
    registry: bool = True
    writes: bool = False
    says: dict[str, bool] = field(default_factory=dict)


def _pixels(side: int) -> dict[str, Tensor]:
    return {"pixel_values": torch.randn(1, 3, side, side)}


def _clip(patch: int) -> PreTrainedModel:
    return CLIPModel(CLIPConfig(vision_config={**_BASE, "image_size": 224, "patch_size": patch})).vision_model


def _smolvlm() -> SmolVLMForConditionalGeneration:
    """SmolVLM-256M-Instruct's sizes."""
    text = {
        "model_type": "llama", "hidden_size": 576, "num_hidden_layers": 30, "num_attention_heads": 9,
        "num_key_value_heads": 3, "intermediate_size": 1536, "vocab_size": 49_280, "max_position_embeddings": 8192,
    }  # fmt: skip
    vision = {**_BASE, "image_size": 512, "patch_size": 16}
    return SmolVLMForConditionalGeneration(
        SmolVLMConfig(text_config=text, vision_config=vision, image_token_id=IMAGE_TOKEN, scale_factor=4)
    )


def _chat(tiles: int) -> dict[str, Tensor]:
    """A question after so many tiles of a picture; with none, as many words in their place."""
    picture = torch.full((1, max(tiles, 2) * TILE_TOKENS), IMAGE_TOKEN if tiles else 7)
    ids = torch.cat([picture, torch.randint(10, 49_000, (1, WORDS))], 1)
    given = {"input_ids": ids, "attention_mask": torch.ones_like(ids)}
    return given | ({"pixel_values": torch.randn(1, tiles, 3, 512, 512)} if tiles else {})


def _blip() -> PreTrainedModel:
    text = {"vocab_size": 30_524, "encoder_hidden_size": 768, "hidden_size": 768, "num_attention_heads": 12}
    model = BlipForConditionalGeneration(BlipConfig(text_config=text, vision_config={**_BASE, "image_size": 384}))
    return model.vision_model


_BASE = {"hidden_size": 768, "num_hidden_layers": 12, "num_attention_heads": 12, "intermediate_size": 3072}
_TEXT = "model.text_model.layers"
SUBJECTS = {
    "clip-b16": Subject("CLIP ViT-B/16, 197 tokens", lambda: _clip(16), lambda: _pixels(224), "encoder.layers"),
    "clip-b32": Subject("CLIP ViT-B/32, 50 tokens", lambda: _clip(32), lambda: _pixels(224), "encoder.layers"),
    "hubert": Subject(
        "HuBERT-base, 3 s",
        lambda: HubertModel(HubertConfig()),
        lambda: {"input_values": torch.randn(1, 48_000)},
        "encoder.layers",
        "attention",
    ),
    "smolvlm": Subject(f"SmolVLM-256M, 2 tiles, {NEW_TOKENS} tokens", _smolvlm, lambda: _chat(2), _TEXT, writes=True),
    "smolvlm-text": Subject(
        f"its language half alone, {NEW_TOKENS} tokens", _smolvlm, lambda: _chat(0), _TEXT, writes=True
    ),
    "vilt": Subject(
        "ViLT-B/32, 384 px",
        lambda: ViltModel(ViltConfig()),
        lambda: {"input_ids": torch.randint(10, 30_000, (1, 12)), **_pixels(384)},
        "encoder.layer",
        "attention.attention",
        registry=False,
        says={"output_attentions": True},
    ),
    "blip": Subject("BLIP-base vision, 577 tokens", _blip, lambda: _pixels(384), "encoder.layers", registry=False),
}


class Runs:
    """A subject's model, and the ways of running it."""

    def __init__(self, subject: Subject, device: torch.device) -> None:
        torch.manual_seed(0)
        self._subject = subject
        self._model = subject.make().eval().requires_grad_(False).to(device)
        self._inputs = {name: x.to(device) for name, x in subject.inputs().items()}
        layers = list(self._model.get_submodule(subject.layers).children())
        modules = [layer.get_submodule(subject.module) for layer in layers]
        self._sites = [Site(module, i, "self", "input", "input") for i, module in enumerate(modules)]

    def prepare(self, way: str) -> Callable[[], object]:
        """Switch the model to that way, untimed, and give what is to be timed."""
        if self._subject.registry:
            self._model.set_attn_implementation({"plain": "sdpa", "eager": "eager"}.get(way, REGISTRY_NAME))
        if way == "plain":
            return self._run
        if way == "eager":
            return lambda: self._run(output_attentions=True)
        recorder = Recorder(self._sites if way == "every layer" else self._sites[-1:])
        recorder.queries = torch.tensor([-1]) if self._subject.writes else None
        return lambda: self._recorded(recorder)

    @torch.inference_mode()
    def _run(self, **options: bool) -> object:
        if not self._subject.writes:
            return self._model(**self._inputs, **options)
        return self._model.generate(
            **self._inputs, **options, max_new_tokens=NEW_TOKENS, min_new_tokens=NEW_TOKENS, do_sample=False,
            suppress_tokens=[IMAGE_TOKEN], return_dict_in_generate=True,
        )  # fmt: skip

    def _recorded(self, recorder: Recorder) -> object:
        with recorder.hooked(), recorder.active():
            output = self._run(**self._subject.says)
        return output, recorder.take()


def main() -> None:
    """Run every model and print its ratios and its memory."""
    parser = argparse.ArgumentParser(description="Cost of recording attention, as ratios on random weights.")
    parser.add_argument("--models", default=",".join(SUBJECTS), help="which (default: all)")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--device", help="cpu, cuda, mps; default: the best that is there")
    parser.add_argument("--memory", action="store_true", help="memory in place of time")
    parser.add_argument("--once", help=argparse.SUPPRESS)
    options = parser.parse_args()
    device = choose_device(options.device).device
    if options.once:
        print(_rise(Runs(SUBJECTS[options.models], device), options.once, device))
        return
    print(f"{device}, float32, {torch.get_num_threads()} threads; load {os.getloadavg()[0]:.1f}")
    for name in options.models.split(","):
        if options.memory:
            rises = ", ".join(f"{way} {_rise_alone(name, way, device):.0f} MB" for way in WAYS)
            print(f"{SUBJECTS[name].title}: {rises}", flush=True)
        else:
            _report(SUBJECTS[name], options.rounds, device)


def _report(subject: Subject, rounds: int, device: torch.device) -> None:
    seconds = _time(Runs(subject, device), rounds)
    plain = 1000 * statistics.median(seconds["plain"])
    print(f"{subject.title}: plain {plain:.1f} ms, {rounds} rounds; load {os.getloadavg()[0]:.1f}")
    for way in WAYS[1:]:
        _line(f"{way} / plain", seconds[way], seconds["plain"])
    _line("every layer / eager", seconds["every layer"], seconds["eager"])


def _line(what: str, above: list[float], below: list[float]) -> None:
    low, middle, high = statistics.quantiles([a / b for a, b in zip(above, below, strict=True)], n=4)
    print(f"  {what}: {middle:.3f}  [{low:.3f}, {high:.3f}]", flush=True)


def _time(runs: Runs, rounds: int) -> dict[str, list[float]]:
    """Seconds of every way in every round, the first round (warm-up) left out."""
    seconds: dict[str, list[float]] = {way: [] for way in WAYS}
    for turn in range(rounds + 1):
        shift = turn % len(WAYS)
        for way in WAYS[shift:] + WAYS[:shift]:
            run = runs.prepare(way)
            _settle()
            start = time.perf_counter()
            run()
            _settle()
            if turn:
                seconds[way].append(time.perf_counter() - start)
    return seconds


def _settle() -> None:
    if torch.cuda.is_available():
        torch.cuda.synchronize()


def _rise_alone(name: str, way: str, device: torch.device) -> float:
    command = [sys.executable, "-m", "benchmarks.recording", "--models", name, "--once", way, "--device", str(device)]
    # Of large tensors glibc is to give the memory back at once, or what was freed before would hide the rise.
    environment = {**os.environ, "MALLOC_MMAP_THRESHOLD_": "65536"}
    folder = Path(__file__).parents[1]
    made = subprocess.run(command, capture_output=True, text=True, check=True, cwd=folder, env=environment)
    return float(made.stdout.split()[-1])


def _rise(runs: Runs, way: str, device: torch.device) -> float:
    """Megabytes at the peak of one run above what was held before it."""
    runs.prepare("plain")()  # what libraries set up for themselves is none of the ways'
    run = runs.prepare(way)
    if device.type == "cuda":
        before = torch.cuda.memory_allocated()
        torch.cuda.reset_peak_memory_stats()
        run()
        return (torch.cuda.max_memory_allocated() - before) / 1e6
    Path("/proc/self/clear_refs").write_text("5")  # the kernel's word for: count the peak from here
    before = _peak()
    run()
    return (_peak() - before) / 1e3


def _peak() -> int:
    """Kilobytes of resident memory at most so far."""
    found: Any = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    return int(found[1])


if __name__ == "__main__":
    main()
