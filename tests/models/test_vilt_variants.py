"""ViLT with parts missing: the numbers are those of the model's own forward, asked one by one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from transformers import ViltForQuestionAnswering

from mm_demo.models.loading import open_model
from mm_demo.models.removal import filling, without_patches
from mm_demo.models.vilt import ViltAnswerer, variants
from tests.models.test_vilt_answerer import QUESTION, inputs_of, picture
from tests.models.vilt_checkpoints import save

GRID = (4, 6)
WORDS = 6
MASK, PAD = 4, 0
INDEX = 3


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save(tmp_path_factory.mktemp("vilt"), seed=2)


@pytest.fixture(scope="module")
def answerer(folder: Path) -> ViltAnswerer:
    model = open_model("vqa", str(folder), "cpu")
    assert isinstance(model, ViltAnswerer)
    return model


@pytest.fixture(scope="module")
def plain(folder: Path) -> ViltForQuestionAnswering:
    return ViltForQuestionAnswering.from_pretrained(folder).eval()


@pytest.fixture(scope="module")
def image() -> Image.Image:
    return picture(40, 62)


def some(n: int, elements: int) -> np.ndarray:
    """All kept, nothing kept, and random subsets."""
    keep = np.random.default_rng(0).random((n, elements)) < 0.5
    keep[0], keep[1] = True, False
    return keep


def probability(plain: ViltForQuestionAnswering, **inputs: torch.Tensor) -> float:
    with torch.no_grad():
        return float(plain(**inputs).logits.softmax(-1)[0, INDEX])


def varied(found: np.ndarray) -> bool:
    """By far more than the comparisons allow."""
    return bool(np.ptp(found) > 1e-3)


@pytest.mark.parametrize("way", ["mean", "blur", "noise"])
def test_replaced_patches_equal_a_picture_with_those_pixels(
    answerer: ViltAnswerer, plain: ViltForQuestionAnswering, folder: Path, image: Image.Image, way: str
) -> None:
    keep = some(5, 24)
    found = answerer.variants(answerer.look(image), QUESTION, [(INDEX,)], way, "mask")(keep, None)
    inputs = inputs_of(folder, image)
    pixels = inputs["pixel_values"][0]
    pictures = without_patches(pixels, filling(pixels, way), torch.from_numpy(keep), GRID, 8)
    expected = [probability(plain, **inputs | {"pixel_values": one[None]}) for one in pictures]
    assert found == pytest.approx(expected, abs=1e-5)
    assert varied(found)


def test_patches_that_nothing_looks_at_equal_a_sequence_without_them(
    answerer: ViltAnswerer, plain: ViltForQuestionAnswering, folder: Path, image: Image.Image
) -> None:
    keep = some(5, 24)
    seen = answerer.look(image)
    found = answerer.variants(seen, QUESTION, [(INDEX,)], "attention", "mask")(keep, None)
    text = {name: inputs_of(folder, image)[name] for name in ("input_ids", "attention_mask")}
    expected = []
    for row in keep:
        states = seen.states[:, np.concatenate([[True], row])]
        expected.append(probability(plain, **text, image_embeds=states, pixel_mask=torch.ones(states.shape[:2])))
    assert found == pytest.approx(expected, abs=1e-5)
    assert varied(found)


@pytest.mark.parametrize("way", ["mask", "pad", "attention"])
def test_removed_words_equal_the_models_own_forward(
    answerer: ViltAnswerer, plain: ViltForQuestionAnswering, folder: Path, image: Image.Image, way: str
) -> None:
    keep = some(6, WORDS)
    found = answerer.variants(answerer.look(image), QUESTION, [(INDEX,)], "mean", way)(None, keep)
    expected = []
    for row in keep:
        inputs = inputs_of(folder, image)
        stays = torch.tensor([True, *row, True])[None]
        if way == "attention":
            inputs["attention_mask"] = stays.long()
        else:
            inputs["input_ids"] = torch.where(stays, inputs["input_ids"], MASK if way == "mask" else PAD)
        expected.append(probability(plain, **inputs))
    assert found == pytest.approx(expected, abs=1e-5)
    assert varied(found)


def test_both_parts_at_once_and_all_spellings_together(
    answerer: ViltAnswerer, plain: ViltForQuestionAnswering, folder: Path, image: Image.Image
) -> None:
    seen = answerer.look(image)
    ask = answerer.variants(seen, QUESTION, [(INDEX,), (5,)], "attention", "attention")
    patches, words = some(4, 24), some(4, WORDS)[::-1]
    found = ask(patches, words)
    text = inputs_of(folder, image)["input_ids"]
    for row, asked, value in zip(patches, words, found, strict=True):
        with torch.no_grad():
            chances = plain(
                input_ids=text,
                attention_mask=torch.tensor([[1, *asked.astype(int), 1]]),
                image_embeds=seen.states,
                pixel_mask=torch.tensor([[1, *row.astype(int)]]),
            ).logits.softmax(-1)
        assert value == pytest.approx(float(chances[0, INDEX] + chances[0, 5]), abs=1e-5)


@pytest.mark.parametrize("way", variants.PATCH_WAYS)
def test_what_is_whole_has_the_probability_of_the_answer(
    answerer: ViltAnswerer, image: Image.Image, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = answerer.look(image)
    answered = answerer.answer(seen, QUESTION)
    ask = answerer.variants(seen, QUESTION, answered.spellings, way, "mask")
    assert ask(np.ones((2, 24), bool), None) == pytest.approx([answered.candidates[0][1]] * 2, abs=1e-6)
    keep = some(7, 24)
    together = ask(keep, None)
    monkeypatch.setattr(variants, "_ELEMENTS", {"cpu": 70})  # two sequences of 33 elements at a time
    assert ask(keep, None) == pytest.approx(together, abs=1e-6)


@pytest.mark.parametrize(("count", "length"), [(1000, 248), (3, 248), (5, 9000)])
def test_variants_go_through_in_bounded_numbers(count: int, length: int) -> None:
    parts = list(variants.chunks(count, length, torch.device("cpu")))
    assert [i for part in parts for i in range(count)[part]] == list(range(count))
    assert all(part.stop - part.start == 1 or (part.stop - part.start) * length <= 4096 for part in parts)


def test_the_score_of_a_picture_is_its_log_odds_and_its_gradient_that_of_the_pixels(
    answerer: ViltAnswerer, plain: ViltForQuestionAnswering, folder: Path, image: Image.Image
) -> None:
    score = answerer.picture_score(answerer.look(image), QUESTION, (INDEX,))
    assert score.grid == (GRID, 8)
    assert score.leading == 1
    inputs = inputs_of(folder, image)
    torch.testing.assert_close(score.pixels, inputs["pixel_values"][0])
    pixels = torch.stack([score.pixels, score.pixels.flip(1)]).requires_grad_()
    found = score.score(score.states(pixels))
    for value, one in zip(found.tolist(), pixels.detach(), strict=True):
        chance = probability(plain, **inputs | {"pixel_values": one[None]})
        assert value == pytest.approx(np.log(chance / (1 - chance)), abs=1e-4)
    [gradient] = torch.autograd.grad(found.sum(), pixels)
    direction = gradient / gradient.norm()
    step = 1e-2
    with torch.no_grad():
        ahead, behind = (score.score(score.states(pixels + sign * step * direction)).sum() for sign in (1, -1))
    assert float(ahead - behind) / (2 * step) == pytest.approx(float(gradient.norm()), rel=1e-2)


def test_randomised_copies_lose_what_was_learnt_and_leave_the_model_as_it_is(
    answerer: ViltAnswerer, image: Image.Image
) -> None:
    before = answerer.answer(answerer.look(image), QUESTION)
    traces = []
    labels = []
    for label, copy in answerer.randomised():
        labels.append(label)
        traces.append(copy.explain(copy.look(image), QUESTION, before.spellings[0]))
    assert labels == ["classifier", "+ layers, upper half", "+ layers, all", "+ embeddings: everything"]
    first, upper, all_layers, everything = ([record.weights for record in trace.records] for trace in traces)
    own = [record.weights for record in before.trace.records]
    assert all(torch.equal(a, b) for a, b in zip(first, own, strict=True))
    assert torch.equal(upper[0], own[0])
    assert not torch.allclose(upper[1], own[1], atol=1e-2)
    assert not torch.allclose(all_layers[0], own[0], atol=1e-2)
    assert not torch.allclose(everything[0], all_layers[0], atol=1e-2)
    assert answerer.answer(answerer.look(image), QUESTION).candidates == before.candidates
