"""On a graphics card: the answers and maps of the CPU, in either format, and weights that come and go."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from transformers import (
    BlipForConditionalGeneration,
    Qwen2_5_VLForConditionalGeneration,
    SmolVLMForConditionalGeneration,
)

import mm_demo
from mm_demo.models.device import Device, choose_device
from mm_demo.models.ladder import open_ladder
from mm_demo.models.loading import open_model
from mm_demo.models.memory import AcceleratorMemory
from mm_demo.models.pool import Opened, Pool, Weights
from mm_demo.models.resident import Resident
from mm_demo.scenes import make_scene
from tests.checkpoints import BASE, make_model
from tests.models import chat_checkpoints, clip_checkpoints, vilt_checkpoints
from tests.speech import save_fusion, tone

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device was seen")

QUESTION = "what color is the star ?"
HALF_TOLERANCE = 0.1
"""Of a map in bfloat16: the sum of absolute differences, as a share of the map's own."""


@pytest.fixture(autouse=True)
def exact(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Full float32 in convolutions too, which CUDA otherwise rounds to 10 bits."""
    monkeypatch.setattr(torch.backends.cudnn, "allow_tf32", False)
    yield
    gc.collect()
    torch.cuda.empty_cache()


@pytest.fixture(scope="module")
def folders(caption_folder: Path, vqa_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Random checkpoints of every family, by task and family."""
    folder = tmp_path_factory.mktemp
    chats = {
        name: chat_checkpoints.save(folder(name), *chat_checkpoints.MAKERS[made](made))
        for name, made in (("smolvlm", SmolVLMForConditionalGeneration), ("qwen", Qwen2_5_VLForConditionalGeneration))
    }
    return {
        "caption blip": caption_folder,
        "vqa blip": vqa_folder,
        "vqa vilt": vilt_checkpoints.save(folder("vilt")),
        "retrieval clip": clip_checkpoints.save("clip", folder("clip")),
        "retrieval siglip": clip_checkpoints.save("siglip", folder("siglip")),
        "sentiment fusion": save_fusion(folder("fusion")),
    } | {f"{task} {name}": chat for name, chat in chats.items() for task in ("caption", "vqa")}


def _caption(model: Any, image: Image.Image) -> tuple[list[Any], list[Any]]:
    picture = model.look(image)
    written = [token for token, _ in model.write(picture)]
    ids = [token.id for token in written]
    traces = list(model.gradient_traces(picture, ids, range(2)))
    return [*ids, *(token.probability for token in written)], [r.gradient for trace in traces for r in trace.records]


def _vqa(model: Any, image: Image.Image) -> tuple[list[Any], list[Any]]:
    answered = model.answer(model.look(image), QUESTION)
    ways = model.patch_removals[0], model.word_removals[0]
    variants = model.variants(model.look(image), QUESTION, answered.spellings, *ways)
    layout = answered.trace.segments["image"].layout
    patches = layout.rows * layout.cols
    keep = np.random.default_rng(0).random((3, patches)) < 0.5
    chances = [*(p for _, p in answered.candidates[:2]), *variants(keep, None)]
    return chances, [record.gradient for record in answered.trace.records]


def _retrieval(model: Any, image: Image.Image) -> tuple[list[Any], list[Any]]:
    matched = model.match(image, "a red star")
    words = list(matched.words)
    records = [*matched.trace.records, *words[0].trace.records]
    return [matched.similarity, *(word.contribution for word in words)], [record.gradient for record in records]


def _sentiment(model: Any, _image: Image.Image) -> tuple[list[Any], list[Any]]:
    judged = model.judge(tone(0.7), "I am so happy")
    chances = [p for opinion in judged.opinions.values() for p in opinion.probabilities.values()]
    return chances, [record.gradient for record in judged.trace.records]


FAMILIES = (
    *("caption blip", "caption smolvlm", "caption qwen", "vqa blip", "vqa vilt", "vqa smolvlm", "vqa qwen"),
    *("retrieval clip", "retrieval siglip", "sentiment fusion"),
)

ASKED: dict[str, Callable[[Any, Image.Image], tuple[list[Any], list[Any]]]] = {
    "caption": _caption,
    "vqa": _vqa,
    "retrieval": _retrieval,
    "sentiment": _sentiment,
}


@pytest.mark.parametrize("name", FAMILIES)
def test_every_family_answers_as_on_the_cpu(name: str, folders: dict[str, Path], pictures: list[Image.Image]) -> None:
    task = name.split()[0]
    found, expected = (
        ASKED[task](open_model(task, str(folders[name]), device), pictures[0]) for device in ("cuda,float32", "cpu")
    )
    assert found[0] == pytest.approx(expected[0], abs=1e-3)
    for ours, theirs in zip(found[1], expected[1], strict=True):
        assert torch.allclose(ours.cpu(), theirs, rtol=1e-2, atol=1e-3 * float(theirs.abs().max()))


@pytest.mark.parametrize("task", ["caption", "vqa"])
def test_the_cards_own_format_gives_the_same_answers_and_maps(task: str) -> None:
    name = f"blip-{task}-scenes"
    full, half = (mm_demo.load(task, name, device) for device in ("cpu", "cuda,bfloat16"))
    assert half.info.dtype == "bfloat16"
    for seed in range(77_600_000, 77_600_004):
        image = Image.fromarray(make_scene(seed).picture)
        given = (image,) if task == "caption" else (image, "how many things are there ?")
        a, b = full(*given), half(*given)
        assert a.answer == b.answer
        shown = (
            [(t.map, u.map) for t, u in zip(a.tokens, b.tokens)] if task == "caption" else [(a.image_map, b.image_map)]
        )
        for one, two in shown:
            assert np.abs(one - two).sum() < HALF_TOLERANCE * np.abs(one).sum()


def test_weights_leave_the_card_and_come_back(caption_folder: Path, pictures: list[Image.Image]) -> None:
    model: Any = open_model("caption", str(caption_folder), "cuda,float32")
    assert isinstance(model, Resident)
    before, inside = _caption(model, pictures[0]), torch.cuda.memory_allocated()
    model._ladder.weights.retire()
    assert torch.cuda.memory_allocated() <= inside - model.info.memory_bytes
    assert "waits in main memory" in model.info.note
    assert _caption(model, pictures[0])[0] == before[0]
    assert model.info.note == ""


def test_two_models_with_room_for_one_never_take_more_than_one() -> None:
    where = choose_device("cuda,float32")
    pool = Pool(AcceleratorMemory(where.device), room=1 << 60, patience=0)
    models = [
        Weights(Opened(make_model(BlipForConditionalGeneration, BASE), None, None, where), pool) for _ in range(2)
    ]
    torch.cuda.reset_peak_memory_stats()
    start = torch.cuda.memory_allocated()
    pixels = torch.zeros(1, 3, BASE.image, BASE.image, device=where.device)
    for weights in models * 2:
        with weights.used(), torch.inference_mode():
            weights.opened.model.vision_model(pixels)
    assert torch.cuda.max_memory_allocated() - start < 1.5 * models[0].size
    assert [weights.inside for weights in models] == [False, True]


def test_a_card_that_is_full_sends_a_model_down_the_ladder() -> None:
    where = choose_device("cuda,float32")
    size = Weights(Opened(make_model(BlipForConditionalGeneration, BASE), None, None, where), None).size
    total = torch.cuda.get_device_properties(where.device).total_memory

    def read(place: Device) -> Opened:
        return Opened(make_model(BlipForConditionalGeneration, BASE).to(place.dtype), None, None, place)

    def runs(opened: Opened) -> str:
        vision = opened.model.vision_model
        pixels = torch.zeros(1, 3, BASE.image, BASE.image, device=vision.device, dtype=vision.dtype)
        with torch.inference_mode():
            assert bool(vision(pixels).last_hidden_state.isfinite().all())
        return f"{vision.device.type} {vision.dtype}"

    found = []
    for share in (0.8, 0.2):
        torch.cuda.set_per_process_memory_fraction((torch.cuda.memory_reserved() + share * size) / total)
        try:
            ladder = open_ladder(read, where)
            Resident(ladder, lambda opened: found.append(runs(opened)))
        finally:
            torch.cuda.set_per_process_memory_fraction(1.0)
        ladder.weights.retire()
    assert found[0].startswith("cuda torch.") and "float16" in found[0]
    assert found[1] == "cpu torch.float32"
