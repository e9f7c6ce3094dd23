"""BLIP answers: ranked exactly, and traced with eager attention's weights."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import torch
from PIL import Image
from torch import Tensor
from transformers import BlipForQuestionAnswering, BlipProcessor
from transformers.cache_utils import DynamicCache

from mm_demo.errors import UserError
from mm_demo.models.blip import BlipAnswerer
from mm_demo.models.loading import open_model
from mm_demo.models.ranking import rank_sequences
from tests.checkpoints import TINY, make_model, make_processor

QUESTION = "What color is the star?"


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
def answerer(sharp_folder: Path) -> BlipAnswerer:
    model = open_model("vqa", str(sharp_folder), "cpu")
    assert isinstance(model, BlipAnswerer)
    return model


@pytest.fixture(scope="module")
def plain(sharp_folder: Path) -> BlipForQuestionAnswering:
    return BlipForQuestionAnswering.from_pretrained(sharp_folder).eval()


def _inputs(folder: Path, image: Image.Image) -> dict[str, Tensor]:
    return dict(BlipProcessor.from_pretrained(folder)(images=image, text=QUESTION, return_tensors="pt"))


def _question_states(plain: BlipForQuestionAnswering, inputs: dict[str, Tensor]) -> Tensor:
    with torch.no_grad():
        image = plain.vision_model(inputs["pixel_values"]).last_hidden_state
        states: Tensor = plain.text_encoder(inputs["input_ids"], encoder_hidden_states=image).last_hidden_state
    return states


def _ranked(answerer: BlipAnswerer, states: Tensor) -> list[tuple[tuple[int, ...], float]]:
    with torch.no_grad():
        return answerer.rank(states, *answerer.begin(states))


def _probability(plain: BlipForQuestionAnswering, states: Tensor, ids: tuple[int, ...], *, ended: bool) -> float:
    read = torch.tensor([[5, *ids]])
    with torch.no_grad():
        chances = plain.text_decoder(read, encoder_hidden_states=states).logits[0].log_softmax(-1)
    targets = [*ids, 3] if ended else list(ids)
    return math.exp(sum(float(chances[i, target]) for i, target in enumerate(targets)))


def test_the_answer_is_that_of_generate_with_beams(
    answerer: BlipAnswerer, plain: BlipForQuestionAnswering, sharp_folder: Path, pictures: list[Image.Image]
) -> None:
    texts = set()
    for image in pictures:
        inputs = _inputs(sharp_folder, image)
        ranked = _ranked(answerer, _question_states(plain, inputs))
        generated = plain.generate(
            **inputs, num_beams=5, length_penalty=0.0, early_stopping=False, max_new_tokens=answerer.max_tokens,
            min_new_tokens=1,
        )[0, 1:].tolist()  # fmt: skip
        expected = tuple(generated[: generated.index(3)] if 3 in generated else generated)
        assert ranked[0][0] == expected
        assert answerer.answer(answerer.look(image), QUESTION).trace.segments["answer"].labels
        texts.add(expected)
    assert len(texts) > 1, "one answer for every picture would make the comparison vacuous"


def test_every_probability_is_the_product_over_its_tokens_and_its_end(
    answerer: BlipAnswerer, plain: BlipForQuestionAnswering, sharp_folder: Path, pictures: list[Image.Image]
) -> None:
    for image in pictures:
        states = _question_states(plain, _inputs(sharp_folder, image))
        ranked = _ranked(answerer, states)
        assert len(ranked) > 1
        for ids, probability in ranked:
            ended = len(ids) < answerer.max_tokens
            assert probability == pytest.approx(_probability(plain, states, ids, ended=ended), rel=1e-4)
        assert [p for _, p in ranked] == sorted((p for _, p in ranked), reverse=True)
        assert sum(p for _, p in ranked) <= 1 + 1e-6


def test_ranking_equals_brute_force_over_all_sequences() -> None:
    table = torch.randn(4, 4, generator=torch.Generator().manual_seed(5)).mul(2).log_softmax(-1)

    class NoCache(DynamicCache):  # type: ignore[misc]
        def reorder_cache(self, beam_idx: Tensor) -> None:
            del beam_idx

    first = (table[:1].clone(), NoCache())
    found = rank_sequences(first, lambda read, cache: (table[read[:, 0]], cache), end=3, longest=3)
    everything: list[tuple[tuple[int, ...], float]] = []

    def grow(ids: tuple[int, ...], score: float) -> None:
        if len(ids) == 3:
            everything.append((ids, math.exp(score)))
            return
        if ids:
            everything.append((ids, math.exp(score + float(table[ids[-1], 3]))))
        for token in range(3):
            grow((*ids, token), score + float(table[ids[-1] if ids else 0, token]))

    grow((), 0.0)
    expected = sorted(everything, key=lambda sequence: -sequence[1])[:3]
    assert [ids for ids, _ in found[:3]] == [ids for ids, _ in expected]
    assert [p for _, p in found[:3]] == pytest.approx([p for _, p in expected], rel=1e-5)


def test_the_trace_equals_eager_attention(
    answerer: BlipAnswerer, plain: BlipForQuestionAnswering, sharp_folder: Path, pictures: list[Image.Image]
) -> None:
    trace = answerer.answer(answerer.look(pictures[0]), QUESTION).trace
    inputs = _inputs(sharp_folder, pictures[0])
    best = _ranked(answerer, _question_states(plain, inputs))[0][0]
    with torch.no_grad():
        image = plain.vision_model(inputs["pixel_values"]).last_hidden_state
        question = plain.text_encoder(inputs["input_ids"], encoder_hidden_states=image, output_attentions=True)
        answer = plain.text_decoder(
            torch.tensor([[5, *best[:-1]]]), encoder_hidden_states=question.last_hidden_state, output_attentions=True
        )
    for query, key, kind, expected in (
        ("question", "question", "self", question.attentions),
        ("question", "image", "cross", question.cross_attentions),
        ("answer", "answer", "self", answer.attentions),
        ("answer", "question", "cross", answer.cross_attentions),
    ):
        records = trace.select(kind, query, key)
        for record, weights in zip(records, expected, strict=True):
            torch.testing.assert_close(record.weights, weights[0], atol=1e-5, rtol=0)
            assert record.gradient is not None
            assert record.gradient.shape == record.weights.shape
    assert float(trace.select("cross", "question", "image")[0].gradient.abs().max()) > 0  # type: ignore[union-attr]


def test_words_outside_the_vocabulary_are_named(answerer: BlipAnswerer, pictures: list[Image.Image]) -> None:
    answered = answerer.answer(answerer.look(pictures[0]), "Is the Zebra [SEP] red?")
    assert "Zebra" in answered.unknown_words
    assert "red" not in answered.unknown_words
    assert list(answered.trace.segments["question"].labels).count("[SEP]") == 1


def test_a_question_longer_than_the_model_reads_is_one_sentence(
    answerer: BlipAnswerer, pictures: list[Image.Image]
) -> None:
    with pytest.raises(UserError, match="too long for this model: 52 word pieces, at most 40"):
        answerer.answer(answerer.look(pictures[0]), "red " * 50)


def test_a_picture_is_encoded_once(sharp_folder: Path, pictures: list[Image.Image]) -> None:
    answerer = open_model("vqa", str(sharp_folder), "cpu")
    first = answerer.look(pictures[0])
    assert answerer.look(pictures[0].copy()) is first
    assert answerer.look(pictures[1]) is not first
