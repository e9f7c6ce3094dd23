"""What it costs that several people and several models share one machine, on random weights of true size.

    python -m benchmarks.serving [--parts switching,together,batches,compile] [--sizes embedded,base] [--rounds 9]
                                 [--device cpu] [--threads 2]

- switching: the extra time of the first question after another model was asked, over a question right after it.
- together: four people who ask one model at once, beside the same four questions one after another.
- batches: four pictures through a vision encoder as one batch, beside one after another.
- compile: a vision encoder after `torch.compile`, beside the same as it is, and what compiling takes.

Ways take turns within a round, every round has pictures of its own, and the first round does not count. Printed are the
median of the rounds' ratios and, in brackets, their quartiles.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import numpy as np
import torch
from PIL import Image
from transformers import (
    BlipForConditionalGeneration,
    BlipForQuestionAnswering,
    CLIPConfig,
    CLIPImageProcessor,
    CLIPModel,
    CLIPProcessor,
)

from mm_demo.models.blip import BlipAnswerer, BlipCaptioner
from mm_demo.models.clip import ClipMatcher
from mm_demo.models.device import Device, choose_device
from mm_demo.models.family import ModelInfo
from mm_demo.models.ladder import Ladder
from mm_demo.models.memory import memory_of
from mm_demo.models.pool import Opened, Pool
from mm_demo.models.resident import Resident
from mm_demo.training.bank import SIDE
from mm_demo.training.clip.processor import make_processor as make_clip_processor
from mm_demo.training.vision import MEAN, STD
from tests.checkpoints import BASE, EMBEDDED, Size, make_model, make_processor

PEOPLE = 4
QUESTION = "what color is the star ?"
CAPTION_TOKENS, ANSWER_TOKENS = 12, 2
NO_ROOM = 1 << 60
"""Free bytes that no card has: with so much wanted, every other model has to leave."""

Ask = Callable[[Image.Image], object]
Way = Callable[[Sequence[Image.Image]], object]


def main() -> None:
    """Run the parts that were asked for."""
    parser = argparse.ArgumentParser(description="Several people, several models, one machine: ratios.")
    parser.add_argument("--parts", default="switching,together,batches,compile")
    parser.add_argument("--rounds", type=int, default=9, help="that count")
    parser.add_argument("--device", help="cpu, cuda, mps; default: the best that is there")
    parser.add_argument("--sizes", default="embedded,base", help="which of embedded, base (default: both)")
    parser.add_argument("--threads", type=int, help="of torch; default: its own choice")
    options = parser.parse_args()
    sizes = options.sizes.split(",")
    if options.threads:
        torch.set_num_threads(options.threads)
    where = choose_device(options.device)
    print(f"{where.device}, {where.dtype_name}, {torch.get_num_threads()} threads of torch")
    for part in options.parts.split(","):
        print(f"\n{part}")
        PARTS[part](where, sizes, options.rounds)


def switching(where: Device, sizes: Sequence[str], rounds: int) -> None:
    """CLIP ViT-B/32 and BLIP base, or the embedded models, by turns, two questions each."""
    for size in sizes:
        _switch(where, size, rounds)


def _switch(where: Device, size: str, rounds: int) -> None:
    rooms = {"both have room": 0} | ({} if where.device.type == "cpu" else {"one has to leave": NO_ROOM})
    for label, room in rooms.items():
        memory = memory_of(where)
        pool = None if memory is None else Pool(memory, room, patience=0)
        asks = {name: ask(where, pool) for name, ask in asks_of(size) if "captioner" not in name}
        first: dict[str, list[float]] = {name: [] for name in asks}
        second: dict[str, list[float]] = {name: [] for name in asks}
        for images in pictures(rounds + 1, 2 * len(asks)):
            for i, (name, ask) in enumerate(asks.items()):
                for times, image in ((first, images[2 * i]), (second, images[2 * i + 1])):
                    times[name].append(timed(lambda image=image, ask=ask: ask(image)))
        for name in asks:
            extra = [1000 * (a - b) for a, b in zip(first[name][1:], second[name][1:], strict=True)]
            base = 1000 * statistics.median(second[name][1:])
            line(f"{label}: {name}, extra ms after a switch (a question takes {base:.0f} ms)", extra, "{:.1f}")


def together(where: Device, sizes: Sequence[str], rounds: int) -> None:
    """Four people at once through one model."""
    for name, opened in [asked for size in sizes for asked in asks_of(size)]:
        ask = opened(where, None)
        with ThreadPoolExecutor(PEOPLE) as people:
            ways: dict[str, Way] = {
                "one after another": lambda images, ask=ask: [ask(image) for image in images],
                "at once": lambda images, ask=ask, people=people: list(people.map(ask, images)),
            }
            compare(name, ways, rounds)


def batches(where: Device, sizes: Sequence[str], rounds: int) -> None:
    """Four pictures as one batch through a vision encoder, with what prepares them."""
    for name, model, processor in towers(where, sizes):

        def encode(images: Sequence[Image.Image], model: Any = model, processor: Any = processor) -> object:
            pixels = processor(images=list(images), return_tensors="pt")["pixel_values"]
            with torch.inference_mode():
                return model(pixels.to(where.device, where.dtype)).last_hidden_state.cpu()

        def one(image: Image.Image, encode: Way = encode) -> object:
            return encode([image])

        with ThreadPoolExecutor(PEOPLE) as people:
            ways: dict[str, Way] = {
                "one after another": lambda images, one=one: [one(image) for image in images],
                "at once": lambda images, one=one, people=people: list(people.map(one, images)),
                "one batch": encode,
            }
            compare(name, ways, rounds)


def compile(where: Device, sizes: Sequence[str], rounds: int) -> None:
    """A vision encoder on one picture, compiled and not."""
    for name, model, processor in towers(where, sizes):
        compiled = torch.compile(model)

        def encode(images: Sequence[Image.Image], run: Any, processor: Any = processor) -> None:
            for image in images:
                pixels = processor(images=image, return_tensors="pt")["pixel_values"]
                with torch.inference_mode():
                    run(pixels.to(where.device, where.dtype)).last_hidden_state.cpu()

        warm_up = timed(lambda compiled=compiled, encode=encode: encode(next(pictures(1, 1)), compiled))
        ways: dict[str, Way] = {
            "as it is": lambda images, model=model, encode=encode: encode(images, model),
            "compiled": lambda images, compiled=compiled, encode=encode: encode(images, compiled),
        }
        compare(f"{name} (its first picture takes {warm_up:.1f} s)", ways, rounds)


PARTS = {"switching": switching, "together": together, "batches": batches, "compile": compile}


def asks_of(size: str) -> list[tuple[str, Callable[[Device, Pool | None], Ask]]]:
    """[(name, opens it on a device, in a pool)]: a captioner, an answerer and a matcher."""
    if size == "base":
        return [
            ("BLIP base captioner", partial(captioning, BASE)),
            ("BLIP base answerer", partial(answering, BASE)),
            ("CLIP ViT-B/32 matcher", partial(embedding, "base")),
        ]
    return [
        ("embedded captioner", partial(captioning, EMBEDDED)),
        ("embedded answerer", partial(answering, EMBEDDED)),
        ("embedded matcher", partial(embedding, "embedded")),
    ]


def towers(where: Device, sizes: Sequence[str]) -> list[tuple[str, Any, Any]]:
    """[(name, vision encoder, its picture processor)]."""
    found: list[tuple[str, Any, Any]] = []
    for size in sizes:
        blip = {"embedded": EMBEDDED, "base": BASE}[size]
        model = make_model(BlipForConditionalGeneration, blip)
        found.append((f"{size} BLIP", model.vision_model, make_processor(blip).image_processor))
        clip, processor = make_clip(size)
        found.append((f"{size} CLIP", clip.vision_model, processor.image_processor))
    return [(name, model.to(where.device, where.dtype).eval(), pictures) for name, model, pictures in found]


def captioning(size: Size, where: Device, pool: Pool | None = None) -> Ask:
    """Captions of a fixed length, from a model whose end token is out of the question."""
    model = make_model(BlipForConditionalGeneration, size)
    score_end(model, -30.0)
    captioner = served(model, make_processor(size), BlipCaptioner, where, pool)
    opened = captioner if isinstance(captioner, BlipCaptioner) else captioner._made[1]
    opened.max_tokens = CAPTION_TOKENS
    return lambda image: list(captioner.write(captioner.look(image)))


def answering(size: Size, where: Device, pool: Pool | None = None) -> Ask:
    """Answers of one word, from a model whose end token then comes at once."""
    model = make_model(BlipForQuestionAnswering, size)
    score_end(model, 30.0)
    answerer = served(model, make_processor(size), BlipAnswerer, where, pool)
    opened = answerer if isinstance(answerer, BlipAnswerer) else answerer._made[1]
    opened.max_tokens = ANSWER_TOKENS
    return lambda image: answerer.answer(answerer.look(image), QUESTION)


def embedding(size: str, where: Device, pool: Pool | None = None) -> Ask:
    """A picture's vector."""
    matcher = served(*make_clip(size), ClipMatcher, where, pool)
    return lambda image: matcher.embed_pictures([image])


def served(model: Any, processor: Any, wrap: Callable[..., Any], where: Device, pool: Pool | None = None) -> Any:
    """What the app would give to a task."""
    info = ModelInfo("random", "random", "local", str(where.device), where.dtype_name, 0, 0, 1, 1)
    opened = Opened(model.to(where.dtype).eval().requires_grad_(False), processor, None, where)

    def wrapped(found: Opened) -> Any:
        return wrap(found.model, found.processor, info, None)

    if where.device.type == "cpu":
        return wrapped(opened)
    memory = memory_of(where)
    assert memory is not None
    return Resident(Ladder(lambda _: opened, [(where, pool or Pool(memory))]), wrapped)


def make_clip(size: str) -> tuple[CLIPModel, CLIPProcessor]:
    """A random CLIP of the embedded size or of ViT-B/32."""
    torch.manual_seed(0)
    processor = make_clip_processor(SIDE, MEAN, STD)
    text = {"vocab_size": len(processor.tokenizer), "eos_token_id": processor.tokenizer.eos_token_id}
    vision: dict[str, Any] = {}
    if size == "embedded":
        vision = {"hidden_size": 160, "intermediate_size": 640, "num_hidden_layers": 5, "num_attention_heads": 5}
        vision |= {"image_size": SIDE, "patch_size": 16}
    else:
        processor = CLIPProcessor(CLIPImageProcessor(), processor.tokenizer)
    config = CLIPConfig(text_config=text | {"num_hidden_layers": 1}, vision_config=vision)
    return CLIPModel(config).eval().requires_grad_(False), processor


def score_end(model: Any, score: float) -> None:
    """Have the model write its end token always or never."""
    head = model.text_decoder.cls.predictions
    head.decoder.bias[3] = head.bias[3] = score


def pictures(rounds: int, count: int) -> Iterator[list[Image.Image]]:
    """For each round so many new pictures."""
    generator = np.random.default_rng(0)
    for _ in range(rounds):
        drawn = generator.integers(0, 256, (count, 240, 320, 3), dtype=np.uint8)
        yield [Image.fromarray(pixels) for pixels in drawn]


def compare(what: str, ways: dict[str, Way], rounds: int) -> None:
    """Print how much more each way does in the same time than the first, each with pictures that none has seen."""
    names = list(ways)
    seconds: dict[str, list[float]] = {name: [] for name in names}
    for turn, images in enumerate(pictures(rounds + 1, PEOPLE * len(ways))):
        for i in range(len(names)):
            name = names[(i + turn) % len(names)]
            own = images[PEOPLE * i : PEOPLE * (i + 1)]
            seconds[name].append(timed(lambda name=name, own=own: ways[name](own)))
    first, *others = names
    for name in others:
        ratios = [a / b for a, b in zip(seconds[first][1:], seconds[name][1:], strict=True)]
        line(f"{what}, throughput {name} / {first}", ratios, "{:.2f}")


def timed(run: Callable[[], object]) -> float:
    """Seconds that it takes."""
    start = time.perf_counter()
    run()
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    return time.perf_counter() - start


def line(what: str, values: list[float], form: str) -> None:
    """Print the median and the quartiles."""
    low, middle, high = (form.format(value) for value in statistics.quantiles(values, n=4))
    print(f"  {what}: {middle}  [{low}, {high}]", flush=True)


if __name__ == "__main__":
    main()
