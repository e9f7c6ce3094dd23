"""A model that lives in an accelerator's memory answers as one that never moves, also after that memory ran out."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from mm_demo.errors import UserError
from mm_demo.models.family import Captioner, Matcher
from mm_demo.models.loading import open_model
from mm_demo.models.pool import Pool
from mm_demo.models.resident import Resident
from tests.models import clip_checkpoints
from tests.models.small_memory import PLENTY, SmallMemory, resident
from tests.speech import save_fusion, tone

FULL, HALF = torch.float32, torch.bfloat16


@pytest.fixture
def tight(caption_folder: Path, vqa_folder: Path) -> Pool:
    """Room for one of two models at a time."""
    folders = {"caption": caption_folder, "vqa": vqa_folder}
    sizes = [open_model(task, str(folder), "cpu").info.memory_bytes for task, folder in folders.items()]
    return Pool(SmallMemory(max(sizes)), room=0, patience=5)


@pytest.fixture
def plain(caption_folder: Path) -> Captioner:
    return open_model("caption", str(caption_folder), "cpu")  # type: ignore[return-value]


def written(captioner: Any, image: Image.Image) -> list[tuple[int, float]]:
    return [(token.id, token.probability) for token, _ in captioner.write(captioner.look(image))]


class Full:
    """A hook after which memory runs out, as often as is asked for, where weights are of a format.

    Args:
        model: whose forwards fail.
        passes: how many go through before.
        times: how many fail then.
    """

    def __init__(self, model: nn.Module, passes: int = 0, times: int = 1) -> None:
        self.passes, self.times = passes, times
        model.register_forward_pre_hook(self._run_out)

    def _run_out(self, _module: nn.Module, _inputs: object) -> None:
        self.passes -= 1
        if self.passes < 0 < self.times:
            self.times -= 1
            raise torch.OutOfMemoryError("out of memory")


def parts(captioner: Resident) -> tuple[nn.Module, nn.Module]:
    """Vision encoder and decoder that it runs now."""
    model = captioner._ladder.weights.opened.model
    return model.vision_model, model.text_decoder


def test_on_the_cpu_there_is_nothing_between_the_family_and_who_asks(caption_folder: Path, plain: Captioner) -> None:
    assert not isinstance(plain, Resident)
    weights = [*plain._model.parameters(), *plain._model.buffers()]  # type: ignore[attr-defined]
    assert plain.info.memory_bytes == sum(w.numel() * w.element_size() for w in weights)
    assert plain.info.note == ""


def test_it_has_what_the_family_has(caption_folder: Path, plain: Captioner) -> None:
    model = resident("caption", caption_folder, (FULL, Pool(SmallMemory(PLENTY))))
    assert (model.family, model.patch_removals) == (plain.family, plain.patch_removals)
    assert model.text([6, 7]) == plain.text([6, 7])
    with pytest.raises(AttributeError):
        _ = model.judge


def test_two_that_have_room_for_one_take_turns_at_every_step(
    caption_folder: Path, vqa_folder: Path, plain: Captioner, tight: Pool, pictures: list[Image.Image]
) -> None:
    captioner, answerer = resident("caption", caption_folder, (FULL, tight)), resident("vqa", vqa_folder, (FULL, tight))
    unmoved: Any = open_model("vqa", str(vqa_folder), "cpu")
    question = ("is there a star ?", [7])
    expected = unmoved.explain(unmoved.look(pictures[1]), *question).records[0].gradient
    found = []
    for token, _ in islice(captioner.write(captioner.look(pictures[0])), 5):
        found.append((token.id, token.probability))
        assert torch.equal(answerer.explain(answerer.look(pictures[1]), *question).records[0].gradient, expected)
        assert captioner.info.note == "It waits in main memory while others use the GPU's."
        assert answerer.info.note == ""
    assert found == written(plain, pictures[0])[:5]


def test_everything_that_runs_later_finds_the_model_there(
    caption_folder: Path, vqa_folder: Path, plain: Captioner, tight: Pool, pictures: list[Image.Image]
) -> None:
    captioner, other = resident("caption", caption_folder, (FULL, tight)), resident("vqa", vqa_folder, (FULL, tight))
    image = pictures[0]
    ids = [token for token, _ in written(plain, image)]
    keep = np.random.default_rng(0).random((4, 16)) < 0.5
    for way in captioner.patch_removals:
        variants = captioner.variants(captioner.look(image), ids, 2, way)
        other.look(pictures[1])
        assert np.allclose(variants(keep), plain.variants(plain.look(image), ids, 2, way)(keep), atol=1e-6)
    traces = captioner.gradient_traces(captioner.look(image), ids, range(3))
    for found, expected in zip(traces, plain.gradient_traces(plain.look(image), ids, range(3)), strict=True):
        other.look(pictures[1])
        for a, b in zip(found.records, expected.records, strict=True):
            assert torch.allclose(a.gradient, b.gradient, atol=1e-6)  # type: ignore[arg-type]


def test_a_score_to_differentiate_keeps_the_model_there_as_long_as_it_lives(
    caption_folder: Path, vqa_folder: Path, plain: Captioner, tight: Pool, pictures: list[Image.Image]
) -> None:
    tight._patience = 0.01
    captioner, other = resident("caption", caption_folder, (FULL, tight)), resident("vqa", vqa_folder, (FULL, tight))
    ids = [token for token, _ in written(plain, pictures[0])]
    gradients = []
    for model in (captioner, plain):
        score = model.picture_score(model.look(pictures[0]), ids)
        pixels = score.pixels[None].clone().requires_grad_()
        value = score.score(score.states(pixels))
        if model is captioner:
            with pytest.raises(UserError, match="memory is too small"):
                other.look(pictures[1])
        gradients += torch.autograd.grad(value.sum(), pixels)
        del score
    assert torch.allclose(*gradients, atol=1e-6)
    assert resident("vqa", vqa_folder, (FULL, tight)).info.note == ""


def test_copies_that_share_weights_keep_the_model_there(tmp_path: Path) -> None:
    folder = save_fusion(tmp_path)
    unmoved: Any = open_model("sentiment", str(folder), "cpu")
    size = unmoved.info.memory_bytes
    pool = Pool(SmallMemory(size), room=0, patience=0.01)
    model, sound = resident("sentiment", folder, (FULL, pool)), tone(0.7)
    stages = model.randomised("audio")
    pairs = zip(stages, unmoved.randomised("audio"), strict=True)
    for stage, ((label, found), (same, expected)) in enumerate(islice(pairs, 3)):
        if not stage:
            with pytest.raises(UserError):
                resident("sentiment", folder, (FULL, pool))
        assert label == same
        assert found.judge(sound, None).opinions == expected.judge(sound, None).opinions
    del stages, pairs
    resident("sentiment", folder, (FULL, pool))


def test_the_words_of_a_match_are_read_after_the_model_moved(tmp_path: Path, pictures: list[Image.Image]) -> None:
    folder = clip_checkpoints.save("clip", tmp_path)
    unmoved: Matcher = open_model("retrieval", str(folder), "cpu")  # type: ignore[assignment]
    pool = Pool(SmallMemory(unmoved.info.memory_bytes), room=0, patience=5)
    model, other = (resident("retrieval", folder, (FULL, pool)) for _ in range(2))
    found, expected = model.match(pictures[0], "a red star"), unmoved.match(pictures[0], "a red star")
    other.embed_texts(["a star"])
    assert [word.word for word in found.words] == ["a", "red", "star"]
    for a, b in zip([*found.words, found.words[-1]], [*expected.words, expected.words[-1]], strict=True):
        other.embed_texts(["a star"])
        assert a.contribution == pytest.approx(b.contribution, abs=1e-6)
        for one, two in zip(a.trace.records, b.trace.records, strict=True):
            assert torch.allclose(one.gradient, two.gradient, atol=1e-6)  # type: ignore[arg-type]


def test_many_people_with_room_for_one_model(
    caption_folder: Path, vqa_folder: Path, plain: Captioner, tight: Pool, pictures: list[Image.Image]
) -> None:
    captioner, answerer = resident("caption", caption_folder, (FULL, tight)), resident("vqa", vqa_folder, (FULL, tight))
    unmoved: Any = open_model("vqa", str(vqa_folder), "cpu")

    def person(i: int) -> bool:
        model, reference = ((captioner, plain), (answerer, unmoved))[i % 2]
        if model is captioner:
            return np.allclose(written(model, pictures[i]), written(reference, pictures[i]))
        asked = "what color is the star ?"
        answers = model.answer(model.look(pictures[i]), asked), reference.answer(reference.look(pictures[i]), asked)
        return dict(answers[0].candidates) == pytest.approx(dict(answers[1].candidates))

    with ThreadPoolExecutor(4) as people:
        assert all(people.map(person, range(8)))
    assert captioner._ladder.note == answerer._ladder.note == ""


def test_first_the_others_leave(caption_folder: Path, pictures: list[Image.Image], plain: Captioner) -> None:
    pool = Pool(SmallMemory(PLENTY))
    model, other = (resident("caption", caption_folder, (FULL, pool), (HALF, pool)) for _ in range(2))
    Full(parts(model)[0])
    assert written(model, pictures[0]) == written(plain, pictures[0])
    assert not other._ladder.weights.inside
    assert (model.info.dtype, model.info.note) == ("float32", "")


def test_then_a_smaller_format_then_the_cpu(
    caption_folder: Path, pictures: list[Image.Image], plain: Captioner
) -> None:
    memory = SmallMemory(PLENTY)
    model = resident("caption", caption_folder, (FULL, Pool(memory)), (HALF, Pool(memory)), (FULL, None))
    half: Captioner = open_model("caption", str(caption_folder), "cpu,bfloat16")  # type: ignore[assignment]
    seen, full_size = model.look(pictures[0]), model.info.memory_bytes

    Full(parts(model)[1])
    found = [(token.id, token.probability) for token, _ in model.write(seen)]
    assert found == written(half, pictures[0])
    assert model.info.dtype == "bfloat16"
    assert model.info.note == "It runs in bfloat16, because the GPU's memory was too small for it in float32."
    assert model.info.memory_bytes == memory.used == pytest.approx(full_size / 2, rel=0.05)

    Full(parts(model)[1])
    assert [(token.id, token.probability) for token, _ in model.write(seen)] == written(plain, pictures[0])
    assert model.info.note == "It runs in float32, because the GPU's memory was too small for it in bfloat16."
    assert memory.used == 0

    Full(parts(model)[1])
    with pytest.raises(UserError, match="choose a smaller model"):
        list(model.write(seen))


def test_weights_that_never_fit_go_down_at_once(caption_folder: Path) -> None:
    none = Pool(SmallMemory(10), room=0, patience=0.01)
    model = resident("caption", caption_folder, (FULL, none), (HALF, none), (FULL, None))
    assert model.info.dtype == "float32"
    assert model._ladder.weights.inside
    assert "too small" in model.info.note


def test_an_answer_that_has_begun_is_not_begun_again(
    caption_folder: Path, pictures: list[Image.Image], plain: Captioner
) -> None:
    model = resident("caption", caption_folder, (FULL, Pool(SmallMemory(PLENTY))), (HALF, None))
    steps: Iterator[Any] = model.write(model.look(pictures[0]))
    Full(parts(model)[1], passes=2)
    assert [next(steps)[0].id for _ in range(2)] == [token for token, _ in written(plain, pictures[0])[:2]]
    with pytest.raises(UserError, match="ask again"):
        next(steps)
    assert len(written(model, pictures[0])) > 2
    assert model.info.dtype == "bfloat16"


def test_a_function_that_a_method_returned_goes_on_in_the_smaller_format(
    caption_folder: Path, pictures: list[Image.Image]
) -> None:
    model = resident("caption", caption_folder, (FULL, Pool(SmallMemory(PLENTY))), (HALF, None))
    half: Captioner = open_model("caption", str(caption_folder), "cpu,bfloat16")  # type: ignore[assignment]
    keep = np.ones((2, 16), bool)
    keep[1, :8] = False
    variants = model.variants(model.look(pictures[0]), [6, 7, 8], 2, "mean")
    Full(parts(model)[0])
    expected = half.variants(half.look(pictures[0]), [6, 7, 8], 2, "mean")(keep)
    assert np.array_equal(variants(keep), expected)
    assert np.array_equal(variants(keep), expected)


def test_other_errors_are_left_as_they_are(caption_folder: Path, pictures: list[Image.Image]) -> None:
    model = resident("caption", caption_folder, (FULL, Pool(SmallMemory(PLENTY))), (HALF, None))
    with pytest.raises(AttributeError):
        model.look("no picture")
    with pytest.raises(TypeError):
        model.look()
    assert model.info.dtype == "float32"
