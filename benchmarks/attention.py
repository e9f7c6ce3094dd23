"""What live explanations cost, as ratios from one interleaved run on random weights.

    python -m benchmarks.attention [--sizes embedded,base] [--rounds 15] [--tokens 12]

Each round gives the same new picture to every way, in turning order; printed are the medians of the rounds' ratios and
their quartiles. Every way starts from the picture and ends with text, preprocessing included.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable

import numpy as np
import torch
from PIL import Image
from transformers import BlipForConditionalGeneration, BlipForQuestionAnswering, BlipProcessor, PreTrainedModel

from mm_demo.models.blip import BlipAnswerer, BlipCaptioner
from mm_demo.models.device import Device, choose_device
from mm_demo.models.family import ModelInfo
from mm_demo.tasks.caption import CaptionTask
from mm_demo.tasks.vqa import VqaTask
from tests.checkpoints import BASE, EMBEDDED, Size, make_model, make_processor

SIZES = {"embedded": EMBEDDED, "base": BASE}
QUESTIONS = ("what color is the star ?", "how many red circle are there ?")
ANSWER_TOKENS = 2
"""A one-word answer and its end, as from a sure model."""

Ways = dict[str, Callable[[Image.Image], object]]


def main() -> None:
    """Run every size and print its ratios."""
    parser = argparse.ArgumentParser(description="Cost of live explanations, as ratios on random weights.")
    parser.add_argument("--sizes", default="embedded,base", help="which of embedded, base (default: both)")
    parser.add_argument("--rounds", type=int, default=15, help="rounds for the embedded size; base runs a third")
    parser.add_argument("--tokens", type=int, default=12, help="length of a caption")
    parser.add_argument("--device", help="cpu, cuda, mps; default: the best that is there")
    options = parser.parse_args()
    where = choose_device(options.device)
    print(f"{where.device}, {where.dtype_name}, {torch.get_num_threads()} threads")
    for name in options.sizes.split(","):
        size = SIZES[name]
        rounds = options.rounds if size is EMBEDDED else max(3, options.rounds // 3)
        print(f"\n{name} size, {rounds} rounds")
        _report(_time(_caption_ways(size, where, options.tokens), rounds), "plain generate", "caption with live maps")
        _report(_time(_vqa_ways(size, where), rounds), "plain generate", "answer with its evidence")
        first = _time(_question_ways(size, where), rounds)
        _report(first, "first question", "second question, same picture")


def _time(ways: Ways, rounds: int) -> dict[str, list[float]]:
    """Seconds of every way in every round, the first round (warm-up) left out."""
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    names = list(ways)
    generator = np.random.default_rng(0)
    for turn in range(rounds + 1):
        image = Image.fromarray(generator.integers(0, 256, (240, 320, 3), dtype=np.uint8))
        shift = turn % len(names) if "first question" not in ways else 0  # a second question can't come first
        for name in names[shift:] + names[:shift]:
            start = time.perf_counter()
            ways[name](image)
            if torch.cuda.is_available():
                torch.cuda.synchronize()
            if turn:
                seconds[name].append(time.perf_counter() - start)
    return seconds


def _report(seconds: dict[str, list[float]], base: str, ours: str) -> None:
    print(f"  {base}: {1000 * statistics.median(seconds[base]):.1f} ms")
    for name in (n for n in seconds if n != base):
        _line(f"{name} / {base}", seconds[name], seconds[base])
        if name != ours:
            _line(f"{ours} / {name}", seconds[ours], seconds[name])


def _line(what: str, above: list[float], below: list[float]) -> None:
    low, middle, high = statistics.quantiles([a / b for a, b in zip(above, below, strict=True)], n=4)
    print(f"    {what}: {middle:.3f}  [{low:.3f}, {high:.3f}]")


def _caption_ways(size: Size, where: Device, tokens: int) -> Ways:
    model, processor = _random(BlipForConditionalGeneration, size, where, end=-30.0)
    captioner = BlipCaptioner(model, processor, _info(size, where))
    captioner.max_tokens = tokens
    task = CaptionTask(captioner)

    def generate(image: Image.Image, **options: bool) -> str:
        pixels = processor(images=image, return_tensors="pt")["pixel_values"].to(where.device, where.dtype)
        made = model.generate(pixels, max_new_tokens=tokens, **options)
        return str(processor.decode(made.sequences[0] if options else made[0], skip_special_tokens=True))

    def stream(image: Image.Image, method: str) -> object:
        captioner.look.clear()  # what another way has seen of the picture would be found there
        return list(task.stream(image, method))

    return {
        "plain generate": generate,
        "caption with live maps": lambda image: stream(image, task.live_method),
        "caption with live maps, then the default's": lambda image: stream(image, "default"),
        "generate(output_attentions=True)": lambda image: generate(
            image, output_attentions=True, return_dict_in_generate=True
        ),
    }


def _vqa_ways(size: Size, where: Device) -> Ways:
    model, processor, task = _vqa(size, where)

    def generate(image: Image.Image, **options: bool) -> str:
        inputs = processor(images=image, text=QUESTIONS[0], return_tensors="pt").to(where.device, where.dtype)
        made = model.generate(**inputs, min_new_tokens=1, max_new_tokens=ANSWER_TOKENS, **options)
        return str(processor.decode(made.sequences[0] if options else made[0], skip_special_tokens=True))

    return {
        "plain generate": generate,
        "answer with its evidence": lambda image: task(image, QUESTIONS[0]),
        "generate(output_attentions=True)": lambda image: generate(
            image, output_attentions=True, return_dict_in_generate=True
        ),
    }


def _question_ways(size: Size, where: Device) -> Ways:
    _, _, task = _vqa(size, where)
    return {
        "first question": lambda image: task(image, QUESTIONS[0]),
        "second question, same picture": lambda image: task(image, QUESTIONS[1]),
    }


def _vqa(size: Size, where: Device) -> tuple[BlipForQuestionAnswering, BlipProcessor, VqaTask]:
    model, processor = _random(BlipForQuestionAnswering, size, where, end=30.0)
    answerer = BlipAnswerer(model, processor, _info(size, where))
    answerer.max_tokens = ANSWER_TOKENS
    return model, processor, VqaTask(answerer)


def _random(
    model_class: type[PreTrainedModel], size: Size, where: Device, end: float
) -> tuple[PreTrainedModel, BlipProcessor]:
    """A random model; with a low score of the end token it never ends, with a high one as soon as it may."""
    model = make_model(model_class, size)
    head = model.text_decoder.cls.predictions
    head.decoder.bias[3] = head.bias[3] = end
    return model.to(where.device, where.dtype), make_processor(size)


def _info(size: Size, where: Device) -> ModelInfo:
    return ModelInfo(
        id="random",
        title="random",
        tier="local",
        device=str(where.device),
        dtype=where.dtype_name,
        size_bytes=0,
        parameters=0,
        layers=size.text_layers,
        heads=size.heads,
    )


if __name__ == "__main__":
    main()
