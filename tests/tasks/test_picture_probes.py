"""Pictures and questions with parts missing: the numbers are those of the plain model asked one by one."""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import product
from pathlib import Path
from threading import Barrier

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor
from transformers import BlipForConditionalGeneration, BlipForQuestionAnswering, BlipProcessor

import mm_demo
from mm_demo.errors import UserError
from mm_demo.evidence.probe import Probe
from mm_demo.tasks.caption import CaptionTask
from mm_demo.tasks.results import CaptionResult, VqaResult
from mm_demo.tasks.vqa import VqaTask
from tests.checkpoints import TINY, make_model, make_processor

QUESTION = "What color is the star?"
PATCHES = 16
MASK, END, START = 4, 3, 5


@pytest.fixture(scope="module")
def sharp_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An answerer that is nearly as sure as a trained one, and whose answers end."""
    folder = tmp_path_factory.mktemp("sharp")
    model = make_model(BlipForQuestionAnswering, TINY, seed=11, sharpness=3.0)
    head = model.text_decoder.cls.predictions
    head.decoder.bias[3] = head.bias[3] = 6.0
    model.save_pretrained(folder)
    make_processor(TINY).save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def answerer(sharp_folder: Path) -> VqaTask:
    return mm_demo.load("vqa", str(sharp_folder), "cpu")


@pytest.fixture(scope="module")
def plain(sharp_folder: Path) -> BlipForQuestionAnswering:
    return BlipForQuestionAnswering.from_pretrained(sharp_folder).eval()


@pytest.fixture(scope="module")
def answered(answerer: VqaTask, pictures: list[Image.Image]) -> VqaResult:
    return answerer(pictures[0], QUESTION)


@pytest.fixture(scope="module")
def captioner(caption_folder: Path) -> CaptionTask:
    return mm_demo.load("caption", str(caption_folder), "cpu")


@pytest.fixture(scope="module")
def captioned(captioner: CaptionTask, pictures: list[Image.Image]) -> CaptionResult:
    return captioner(pictures[0])


def some(n: int, elements: int, seed: int = 0) -> np.ndarray:
    """All kept, nothing kept, and random subsets."""
    keep = np.random.default_rng(seed).random((n, elements)) < 0.5
    keep[0], keep[1] = True, False
    return keep


def pixels_of(folder: Path, image: Image.Image) -> Tensor:
    pixels: Tensor = BlipProcessor.from_pretrained(folder).image_processor(images=image, return_tensors="pt")[
        "pixel_values"
    ]
    return pixels


def in_mean_colour(pixels: Tensor, keep: np.ndarray) -> Tensor:
    """One picture whose removed 8 × 8 patches have its mean colour, by loops."""
    made = pixels.clone()
    for i in np.flatnonzero(~keep):
        y, x = 8 * (i // 4), 8 * (i % 4)
        made[0, :, y : y + 8, x : x + 8] = pixels[0].mean((1, 2))[:, None, None]
    return made


def answer_probability(
    plain: BlipForQuestionAnswering, image: Tensor, question: Tensor, result: VqaResult, keep: list[int] | None = None
) -> float:
    """Summed over spellings; `keep` are the question's elements that exist at all."""
    with torch.no_grad():
        embedded = plain.text_encoder.embeddings(input_ids=question)
        embedded = embedded if keep is None else embedded[:, keep]
        states = plain.text_encoder(encoder_embeds=embedded, encoder_hidden_states=image).last_hidden_state
        total = 0.0
        for ids in result.spellings:
            chances = plain.text_decoder(torch.tensor([[START, *ids]]), encoder_hidden_states=states).logits[0]
            ends = [END] if len(ids) < 12 else []
            total += math.exp(sum(float(chances.log_softmax(-1)[i, t]) for i, t in enumerate([*ids, *ends])))
    return total


def test_with_everything_kept_answers_are_as_probable_as_reported(
    answerer: VqaTask, pictures: list[Image.Image]
) -> None:
    for image in pictures[:4]:
        result = answerer(image, QUESTION)
        for part, ways in answerer.removals.items():
            for way in ways:
                probe = answerer.probe(result, part, way)
                whole = probe.score(np.ones((1, len(probe.labels)), bool))
                assert whole == pytest.approx([result.candidates[0][1]], abs=1e-5)
                assert (probe.part, probe.removal, probe.answer) == (part, way, result.answer)


def test_several_spellings_are_one_answer(answerer: VqaTask, answered: VqaResult) -> None:
    keep = some(5, PATCHES)
    spellings = [(6,), (7, 8)]
    alone = [answerer.probe(replace(answered, spellings=[s]), "image").score(keep) for s in spellings]
    both = answerer.probe(replace(answered, spellings=spellings), "image").score(keep)
    np.testing.assert_allclose(both, alone[0] + alone[1], rtol=1e-5)


def test_patches_in_the_mean_colour_one_by_one(
    answerer: VqaTask, answered: VqaResult, plain: BlipForQuestionAnswering, sharp_folder: Path
) -> None:
    keep = some(40, PATCHES)
    pixels = pixels_of(sharp_folder, answered.image)
    question = BlipProcessor.from_pretrained(sharp_folder)(text=QUESTION, return_tensors="pt")["input_ids"]
    expected = []
    for row in keep:
        with torch.no_grad():
            states = plain.vision_model(in_mean_colour(pixels, row)).last_hidden_state
        expected.append(answer_probability(plain, states, question, answered))
    found = answerer.probe(answered, "image", "mean").score(keep)
    np.testing.assert_allclose(found, expected, atol=1e-5)
    assert np.std(expected) > 0.01, "patches that change nothing would make the comparison vacuous"


def test_patches_out_of_sight_are_patches_sliced_out(
    answerer: VqaTask, answered: VqaResult, plain: BlipForQuestionAnswering, sharp_folder: Path
) -> None:
    keep = some(12, PATCHES)
    question = BlipProcessor.from_pretrained(sharp_folder)(text=QUESTION, return_tensors="pt")["input_ids"]
    with torch.no_grad():
        states = plain.vision_model(pixels_of(sharp_folder, answered.image)).last_hidden_state
    expected = [
        answer_probability(plain, states[:, [0, *(1 + np.flatnonzero(row)).tolist()]], question, answered)
        for row in keep
    ]
    found = answerer.probe(answered, "image", "attention").score(keep)
    np.testing.assert_allclose(found, expected, atol=1e-5)
    assert np.std(expected) > 0.01


def test_words_out_of_sight_are_words_sliced_out(
    answerer: VqaTask, answered: VqaResult, plain: BlipForQuestionAnswering, sharp_folder: Path
) -> None:
    question = BlipProcessor.from_pretrained(sharp_folder)(text=QUESTION, return_tensors="pt")["input_ids"]
    keep = some(12, question.shape[1] - 2)
    with torch.no_grad():
        states = plain.vision_model(pixels_of(sharp_folder, answered.image)).last_hidden_state
    last = question.shape[1] - 1
    expected = [
        answer_probability(plain, states, question, answered, [0, *(1 + np.flatnonzero(row)).tolist(), last])
        for row in keep
    ]
    probe = answerer.probe(answered, "text", "attention")
    np.testing.assert_allclose(probe.score(keep), expected, atol=1e-5)
    assert probe.labels == ("What", "color", "is", "the", "star", "?")
    assert probe.shape is None
    assert probe.relevance == pytest.approx([token.relevance for token in answered.question_tokens])


@pytest.mark.parametrize(("way", "stand_in"), [("mask", MASK), ("pad", 0)])
def test_words_are_replaced_one_by_one(
    answerer: VqaTask,
    answered: VqaResult,
    plain: BlipForQuestionAnswering,
    sharp_folder: Path,
    way: str,
    stand_in: int,
) -> None:
    question = BlipProcessor.from_pretrained(sharp_folder)(text=QUESTION, return_tensors="pt")["input_ids"]
    keep = some(12, question.shape[1] - 2)
    with torch.no_grad():
        states = plain.vision_model(pixels_of(sharp_folder, answered.image)).last_hidden_state
    expected = []
    for row in keep:
        replaced = question.clone()
        replaced[0, 1:-1][torch.from_numpy(~row)] = stand_in
        expected.append(answer_probability(plain, states, replaced, answered))
    np.testing.assert_allclose(answerer.probe(answered, "text", way).score(keep), expected, atol=1e-5)


def test_shares_are_the_shapley_values_of_four_plain_forwards(
    answerer: VqaTask, answered: VqaResult, plain: BlipForQuestionAnswering, sharp_folder: Path
) -> None:
    pixels = pixels_of(sharp_folder, answered.image)
    question = BlipProcessor.from_pretrained(sharp_folder)(text=QUESTION, return_tensors="pt")["input_ids"]
    value = {}
    for image, text in product((False, True), repeat=2):
        with torch.no_grad():
            states = plain.vision_model(in_mean_colour(pixels, np.full(PATCHES, image))).last_hidden_state
        asked = question.clone()
        asked[0, 1:-1] = asked[0, 1:-1] if text else MASK
        value[image, text] = answer_probability(plain, states, asked, answered)
    of_image = (value[True, False] - value[False, False] + value[True, True] - value[False, True]) / 2
    of_text = (value[False, True] - value[False, False] + value[True, True] - value[True, False]) / 2
    share = abs(of_image) / (abs(of_image) + abs(of_text))
    assert answerer.coalition_shares(answered) == pytest.approx({"image": share, "text": 1 - share}, abs=1e-4)


def test_tokens_with_everything_kept_are_as_probable_as_reported(
    captioner: CaptionTask, captioned: CaptionResult
) -> None:
    for step, way in product(captioned.tokens[:5], captioner.removals["image"]):
        probe = captioner.probe(captioned, step.index, way)
        assert probe.score(np.ones((1, PATCHES), bool)) == pytest.approx([step.probability], abs=1e-5)
        assert (probe.answer, probe.shape) == (step.token, (4, 4))
        assert np.array_equal(probe.relevance, step.map.ravel())


def test_captions_one_by_one(captioner: CaptionTask, captioned: CaptionResult, caption_folder: Path) -> None:
    plain = BlipForConditionalGeneration.from_pretrained(caption_folder).eval()
    pixels = pixels_of(caption_folder, captioned.image)
    keep, index = some(12, PATCHES), 3
    read = torch.tensor([[START, *captioned.token_ids[:index]]])

    def probability(states: Tensor) -> float:
        logits = plain.text_decoder(read, encoder_hidden_states=states).logits[0, -1]
        return float(logits.softmax(-1)[captioned.token_ids[index]])

    with torch.no_grad():
        whole = plain.vision_model(pixels).last_hidden_state
        sliced = [probability(whole[:, [0, *(1 + np.flatnonzero(row)).tolist()]]) for row in keep]
        painted = [probability(plain.vision_model(in_mean_colour(pixels, row)).last_hidden_state) for row in keep]
    np.testing.assert_allclose(captioner.probe(captioned, index, "attention").score(keep), sliced, atol=1e-5)
    np.testing.assert_allclose(captioner.probe(captioned, index, "mean").score(keep), painted, atol=1e-5)
    assert min(np.std(sliced), np.std(painted)) > 1e-3


def test_the_telling_word_loses_most_without_half_the_picture(
    captioner: CaptionTask, captioned: CaptionResult, monkeypatch: pytest.MonkeyPatch
) -> None:
    halves = np.random.default_rng(0).permuted(np.tile(np.arange(PATCHES) < PATCHES / 2, (16, 1)), axis=1)
    lost = np.array(
        [s.probability - captioner.probe(captioned, s.index).score(halves).mean() for s in captioned.tokens]
    )
    monkeypatch.setattr("sklearn.feature_extraction.text.ENGLISH_STOP_WORDS", frozenset())
    found = captioner.telling_word(captioned)
    words = [step.token.isalpha() for step in captioned.tokens]
    assert words[found] and lost[found] >= 0.9 * lost[words].max()
    assert all(other < 0.9 * lost[words].max() for other in lost[:found][words[:found]])
    others = {step.token.lower() for step in captioned.tokens} - {captioned.tokens[-1].token.lower()}
    monkeypatch.setattr("sklearn.feature_extraction.text.ENGLISH_STOP_WORDS", frozenset(others))
    assert captioned.tokens[captioner.telling_word(captioned)].token == captioned.tokens[-1].token
    monkeypatch.setattr(
        "sklearn.feature_extraction.text.ENGLISH_STOP_WORDS", others | {captioned.tokens[-1].token.lower()}
    )
    assert 0 <= captioner.telling_word(captioned) < len(captioned.tokens)


def each_probe(answerer: VqaTask, answered: VqaResult, captioner: CaptionTask, captioned: CaptionResult) -> list[Probe]:
    return [
        *(answerer.probe(answered, part, way) for part, ways in answerer.removals.items() for way in ways),
        *(captioner.probe(captioned, 2, way) for way in captioner.removals["image"]),
    ]


def test_order_and_company_change_nothing(
    answerer: VqaTask, answered: VqaResult, captioner: CaptionTask, captioned: CaptionResult
) -> None:
    for probe in each_probe(answerer, answered, captioner, captioned):
        keep = some(40, len(probe.labels))
        scores = probe.score(keep)
        assert scores.dtype == np.float64
        assert np.all((scores >= 0) & (scores <= 1))
        order = np.random.default_rng(1).permutation(40)
        np.testing.assert_allclose(probe.score(keep[order]), scores[order], atol=1e-6)
        np.testing.assert_allclose([probe.score(row[None])[0] for row in keep[:4]], scores[:4], atol=1e-6)
        assert np.array_equal(probe.score(keep), scores)


def test_many_threads_at_once_get_their_own(answerer: VqaTask, pictures: list[Image.Image]) -> None:
    keep = some(20, PATCHES)
    results = [answerer(image, QUESTION) for image in pictures[:4]]
    alone = [answerer.probe(result, "image", "attention").score(keep) for result in results]
    together = Barrier(8)

    def run(i: int) -> tuple[int, np.ndarray | None]:
        together.wait()
        if i >= 4:
            assert answerer(pictures[i - 4], QUESTION).candidates == results[i - 4].candidates
            return i, None
        return i, answerer.probe(results[i], "image", "attention").score(keep)

    with ThreadPoolExecutor(8) as pool:
        for i, found in pool.map(run, range(8)):
            if found is not None:
                np.testing.assert_allclose(found, alone[i], atol=1e-6)


def test_what_explain_returns_can_be_checked_too(answerer: VqaTask, answered: VqaResult) -> None:
    other = answerer.explain(answered, "raw")
    probe = answerer.probe(other, "image")
    assert np.array_equal(probe.relevance, other.image_map.ravel())
    assert probe.score(np.ones((1, PATCHES), bool)) == pytest.approx([answered.candidates[0][1]], abs=1e-5)


def test_mistakes_are_one_sentence(
    answerer: VqaTask, answered: VqaResult, captioner: CaptionTask, captioned: CaptionResult
) -> None:
    with pytest.raises(UserError, match="glitter"):
        answerer.probe(answered, "image", "glitter")
    with pytest.raises(UserError, match="audio"):
        answerer.probe(answered, "audio")
    with pytest.raises(UserError, match="no word 99"):
        captioner.probe(captioned, 99)


def weights_of(task: VqaTask | CaptionTask) -> list[Tensor]:
    return [parameter.clone() for parameter in task._model._model.parameters()]


def test_randomised_copies_lose_the_map_and_leave_the_model_alone(
    answerer: VqaTask, answered: VqaResult, captioner: CaptionTask, captioned: CaptionResult
) -> None:
    before = [*weights_of(answerer), *weights_of(captioner)]
    for stages in (
        [list(answerer.randomised(answered)) for _ in range(2)],
        [list(captioner.randomised(captioned, 2)) for _ in range(2)],
    ):
        labels = [label for label, _ in stages[0]]
        assert 4 <= len(labels) == len(set(labels)) <= 6
        for (_, mine), (_, again) in zip(*stages, strict=True):
            assert mine.shape == (4, 4)
            assert mine.sum() == pytest.approx(1.0)
            assert np.array_equal(mine, again)
        assert len({found.tobytes() for _, found in stages[0]}) > 3
    after = [*weights_of(answerer), *weights_of(captioner)]
    assert all(torch.equal(old, new) for old, new in zip(before, after, strict=True))
    assert answerer(answered.image, QUESTION).candidates == answered.candidates


def test_randomisation_is_cumulative_from_the_top(answerer: VqaTask) -> None:
    original = dict(answerer._model._model.named_parameters())
    changed: list[set[str]] = []
    for _, twin in answerer._model.randomised():
        assert answerer._model._model is not twin._model
        parameters = dict(twin._model.named_parameters())
        changed.append({name for name, p in parameters.items() if not torch.equal(p, original[name])})
    assert all(less < more for less, more in zip(changed, changed[1:], strict=False))
    assert {name.split(".")[0] for name in changed[0]} == {"text_decoder"}
    assert {name.split(".")[0] for name in changed[1]} == {"text_decoder"}
    assert not any(name.startswith("vision_model") for name in changed[3])
    spread = {name for name, p in original.items() if float(p.std(correction=0)) > 0}
    assert changed[-1] >= spread
