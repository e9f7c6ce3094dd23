"""ViLT answers: those of the model's own shuffled forward, traced with its own attention put back in order."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor
from transformers import ViltForQuestionAnswering, ViltProcessor

from mm_demo.attention.trace import ImageLayout, TextLayout
from mm_demo.errors import UserError
from mm_demo.models.loading import open_model
from mm_demo.models.vilt import ViltAnswerer
from tests.models.vilt_checkpoints import TINY, make_model, save

QUESTION = "What color is the star?"
SHAPES = ((40, 40), (40, 62), (90, 41), (33, 60))
"""(height, width) of pictures that become 4 × 4, 4 × 6, 6 × 3 and 3 × 6 patches; the last two are made smaller, since
their longer side would be too long."""


def picture(height: int, width: int, seed: int = 0) -> Image.Image:
    return Image.fromarray(np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save(tmp_path_factory.mktemp("vilt"))


@pytest.fixture(scope="module")
def answerer(folder: Path) -> ViltAnswerer:
    model = open_model("vqa", str(folder), "cpu")
    assert isinstance(model, ViltAnswerer)
    return model


@pytest.fixture(scope="module")
def plain(folder: Path) -> ViltForQuestionAnswering:
    return ViltForQuestionAnswering.from_pretrained(folder).eval()


def inputs_of(folder: Path, *images: Image.Image, question: str = QUESTION) -> dict[str, Tensor]:
    processor = ViltProcessor.from_pretrained(folder)
    return dict(processor(images=list(images), text=[question] * len(images), return_tensors="pt"))


def chances(model: ViltForQuestionAnswering, inputs: dict[str, Tensor]) -> Tensor:
    with torch.no_grad():
        return model(**inputs).logits.softmax(-1)  # type: ignore[no-any-return]


def check_candidates(candidates: list[tuple[str, float]], expected: Tensor) -> None:
    best = expected.argsort(descending=True)[: len(candidates)].tolist()
    assert [answer for answer, _ in candidates] == [f"answer {index}" for index in best]
    assert [p for _, p in candidates] == pytest.approx([float(expected[index]) for index in best], abs=1e-5)


@pytest.mark.parametrize("shape", SHAPES)
def test_the_answers_are_those_of_the_models_own_shuffled_forward(
    answerer: ViltAnswerer, plain: ViltForQuestionAnswering, folder: Path, shape: tuple[int, int]
) -> None:
    image = picture(*shape)
    candidates = answerer.answer(answerer.look(image), QUESTION).candidates
    check_candidates(candidates, chances(plain, inputs_of(folder, image))[0])
    assert sum(p for _, p in candidates) <= 1


def test_a_picture_padded_beside_another_gets_the_same_answers(
    answerer: ViltAnswerer, plain: ViltForQuestionAnswering, folder: Path
) -> None:
    images = [picture(40, 62, seed=1), picture(90, 41, seed=2)]
    inputs = inputs_of(folder, *images)
    assert not inputs["pixel_mask"].all(), "without padding the test would be vacuous"
    for image, expected in zip(images, chances(plain, inputs), strict=True):
        check_candidates(answerer.answer(answerer.look(image), QUESTION).candidates, expected)


def test_every_patch_is_seen_where_the_model_would_draw_some_at_random(
    answerer: ViltAnswerer, plain: ViltForQuestionAnswering, folder: Path, tmp_path: Path
) -> None:
    limited = open_model("vqa", str(save(tmp_path, max_image_length=5)), "cpu")
    assert isinstance(limited, ViltAnswerer)
    image = picture(40, 62)
    check_candidates(
        limited.answer(limited.look(image), QUESTION).candidates, chances(plain, inputs_of(folder, image))[0]
    )


def own_attention(
    plain: ViltForQuestionAnswering, inputs: dict[str, Tensor], index: int
) -> tuple[list[Tensor], list[Tensor]]:
    """Per layer the weights and d(log-odds of answer `index`)/d(weights) of the model's own forward, in reading order.

    The forward shuffles the patches; its `patch_index` says where each one went.
    """
    places: list[Tensor] = []
    embed = plain.vilt.embeddings.visual_embed

    def spy(*arguments: object, **named: object) -> object:
        output = embed(*arguments, **named)
        places.append(output[2][0][0])
        return output

    plain.vilt.embeddings.visual_embed = spy
    try:
        output = plain(**inputs, output_attentions=True)
    finally:
        plain.vilt.embeddings.visual_embed = embed
    chance = output.logits[0].softmax(-1)[index]
    gradients = torch.autograd.grad((chance / (1 - chance)).log(), output.attentions)
    [rows_and_cols] = places
    before = inputs["input_ids"].shape[1] + 1
    cols = int(rows_and_cols[:, 1].max()) + 1
    order = list(range(before)) + [0] * len(rows_and_cols)
    for at, (row, col) in enumerate(rows_and_cols.tolist()):
        order[before + row * cols + col] = before + at
    assert order != sorted(order), "an unshuffled forward would make the test vacuous"
    return tuple(
        [matrix[0][:, order][:, :, order].detach() for matrix in found] for found in (output.attentions, gradients)
    )


@pytest.mark.parametrize("shape", SHAPES)
def test_the_trace_equals_the_models_own_attention_put_back_in_order(
    answerer: ViltAnswerer, plain: ViltForQuestionAnswering, folder: Path, shape: tuple[int, int]
) -> None:
    image = picture(*shape)
    answered = answerer.answer(answerer.look(image), QUESTION)
    [(index,)] = answered.spellings
    weights, gradients = own_attention(plain, inputs_of(folder, image), index)
    records = answered.trace.select("self", "sequence", "sequence")
    assert len(records) == len(answered.trace.records) == TINY.layers
    for record, weight, gradient in zip(records, weights, gradients, strict=True):
        torch.testing.assert_close(record.weights, weight, atol=1e-5, rtol=0)
        assert record.gradient is not None
        torch.testing.assert_close(record.gradient, gradient, atol=1e-5, rtol=1e-4)
    assert float(gradients[0].abs().max()) > 1e-3, "flat gradients would make the comparison vacuous"


def test_any_answer_can_be_explained(answerer: ViltAnswerer, plain: ViltForQuestionAnswering, folder: Path) -> None:
    image = picture(40, 62)
    trace = answerer.explain(answerer.look(image), QUESTION, (7,))
    _, gradients = own_attention(plain, inputs_of(folder, image), 7)
    for record, gradient in zip(trace.records, gradients, strict=True):
        assert record.gradient is not None
        torch.testing.assert_close(record.gradient, gradient, atol=1e-5, rtol=1e-4)
    assert trace.segments["answer"].labels == ("answer 7",)


def test_a_patch_of_the_picture_is_the_element_of_its_row_and_column(answerer: ViltAnswerer) -> None:
    pixels = np.asarray(picture(32, 48)).copy()  # as large as the processor makes it: nothing is resized
    before = answerer.look(Image.fromarray(pixels)).states[0]
    pixels[16:24, 32:40] = 255 - pixels[16:24, 32:40]
    after = answerer.look(Image.fromarray(pixels)).states[0]
    changed = (before - after).abs().amax(-1) > 0
    assert changed.nonzero().flatten().tolist() == [1 + 2 * 6 + 4]


def test_the_segments_share_out_the_sequence(answerer: ViltAnswerer) -> None:
    trace = answerer.answer(answerer.look(picture(40, 62)), QUESTION).trace
    joint = trace.joint
    assert joint is not None
    assert sorted(place for places in joint.places.values() for place in places) == list(range(joint.length))
    assert joint.places["answer"] == (0,)
    assert joint.places["question"] == tuple(range(1, 8))
    question, image = trace.segments["question"], trace.segments["image"]
    assert question.labels == ("What", "color", "is", "the", "star", "?", "[SEP]")
    assert isinstance(question.layout, TextLayout)
    spans = [None if place is None else QUESTION[slice(*place)] for place in question.layout.offsets]
    assert spans == ["What", "color", "is", "the", "star", "?", None]
    assert image.layout == ImageLayout(4, 6)
    assert len(image) == image.leading + 24
    assert all(len(trace.segments[name]) == len(places) for name, places in joint.places.items())
    for record in trace.records:
        assert record.weights.shape == (TINY.heads, joint.length, joint.length)


def test_words_outside_the_vocabulary_are_named(answerer: ViltAnswerer) -> None:
    answered = answerer.answer(answerer.look(picture(40, 40)), "Is the Zebra [SEP] red?")
    assert "Zebra" in answered.unknown_words
    assert "red" not in answered.unknown_words
    assert list(answered.trace.segments["question"].labels).count("[SEP]") == 1


def test_a_question_longer_than_the_model_reads_is_one_sentence(answerer: ViltAnswerer) -> None:
    seen = answerer.look(picture(40, 40))
    assert answerer.answer(seen, "red " * 38).candidates
    with pytest.raises(UserError, match="too long for this model: 41 word pieces, at most 40"):
        answerer.answer(seen, "red " * 39)


def test_a_picture_without_a_whole_patch_across_is_one_sentence(answerer: ViltAnswerer) -> None:
    assert answerer.look(picture(10, 60)).states.shape[1] == 1 + 1 * 6
    for shape in ((10, 80), (80, 10)):
        with pytest.raises(UserError, match="too long and narrow for this model: .* at most 6 times the other"):
            answerer.look(picture(*shape))


def test_a_tokenizer_that_knows_more_than_the_model_is_one_sentence(tmp_path: Path) -> None:
    save(tmp_path)
    make_model(replace(TINY, vocabulary=20)).save_pretrained(tmp_path)
    with pytest.raises(UserError, match="its tokenizer knows 34 tokens, its model 20"):
        open_model("vqa", str(tmp_path), "cpu")


def test_a_picture_is_embedded_once(folder: Path) -> None:
    answerer = open_model("vqa", str(folder), "cpu")
    first = answerer.look(picture(40, 40))
    assert answerer.look(picture(40, 40)) is first
    assert answerer.look(picture(40, 40, seed=1)) is not first


def test_a_folder_laid_out_as_on_the_hub_opens_alike(answerer: ViltAnswerer, folder: Path, tmp_path: Path) -> None:
    for name in ("config.json", "model.safetensors"):
        (tmp_path / name).write_bytes((folder / name).read_bytes())
    vocabulary = ViltProcessor.from_pretrained(folder).tokenizer.get_vocab()
    (tmp_path / "vocab.txt").write_text("\n".join(sorted(vocabulary, key=lambda piece: vocabulary[piece])))
    (tmp_path / "tokenizer_config.json").write_text(
        json.dumps({"tokenizer_class": "BertTokenizer", "do_lower_case": True, "model_max_length": 40})
    )
    (tmp_path / "preprocessor_config.json").write_text(
        json.dumps({
            "image_processor_type": "ViltImageProcessor", "do_normalize": True, "do_resize": True, "size": 32,
            "image_mean": [0.5, 0.5, 0.5], "image_std": [0.5, 0.5, 0.5], "resample": 3, "size_divisor": 8,
        })
    )  # fmt: skip
    opened = open_model("vqa", str(tmp_path), "cpu")
    assert isinstance(opened, ViltAnswerer)
    image = picture(40, 62)
    found, expected = (a.answer(a.look(image), QUESTION).candidates for a in (opened, answerer))
    assert found == expected
