"""Answers of chat models: ranked exactly, traced with eager attention's rows, and asked again with parts missing."""

from __future__ import annotations

import gc
import math
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn
from transformers import (
    AutoTokenizer,
    PreTrainedModel,
    Qwen2_5_VLForConditionalGeneration,
    SmolVLMForConditionalGeneration,
)

from mm_demo.attention.trace import TextLayout
from mm_demo.errors import UserError
from mm_demo.models.chat import ChatAnswerer
from mm_demo.models.gradients import log_odds
from mm_demo.models.loading import open_model
from mm_demo.models.recent import RecentPictures
from tests.models.chat_asking import ANSWER, inputs, longer, picture, plain
from tests.models.chat_checkpoints import MAKERS, save

QUESTION = "What color is the red star?"
ENDS = tuple(range(60, 150))
"""So many tokens end an answer that answers are short."""


@pytest.fixture(scope="module", params=[SmolVLMForConditionalGeneration, Qwen2_5_VLForConditionalGeneration])
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    model, processor = MAKERS[request.param](request.param, seed=2)
    model.generation_config.eos_token_id = [model.generation_config.eos_token_id, *ENDS]
    return save(tmp_path_factory.mktemp("chat"), model, processor)


@pytest.fixture(scope="module")
def answerer(folder: Path) -> ChatAnswerer:
    model = open_model("vqa", str(folder), "cpu")
    assert isinstance(model, ChatAnswerer)
    return model


def asked(folder: Path, image: object, question: str = QUESTION) -> dict[str, torch.Tensor]:
    return inputs(folder, image, f"{question} {ANSWER}")  # type: ignore[arg-type]


def probability(model: PreTrainedModel, made: dict[str, torch.Tensor], ids: tuple[int, ...], most: int) -> float:
    """Of these tokens and of any end after them, by one plain forward."""
    chances = model(**longer(made, list(ids))).logits[0, -len(ids) - 1 :].softmax(-1)
    found = math.prod(float(chances[i, token]) for i, token in enumerate(ids))
    ends = model.generation_config.eos_token_id
    return found * (float(chances[-1, ends].sum()) if len(ids) < most else 1.0)


def test_every_probability_is_the_product_over_its_tokens_and_all_ends(answerer: ChatAnswerer, folder: Path) -> None:
    model = plain(folder)
    several = 0
    for seed in range(3):
        image = picture(seed=seed)
        answered = answerer.answer(answerer.look(image), QUESTION)
        made = asked(folder, image)
        likely = sum(probability(model, made, ids, answerer.max_tokens) for ids in answered.spellings)
        assert answered.candidates[0][1] == pytest.approx(likely, rel=1e-3)
        assert sum(p for _, p in answered.candidates) <= 1 + 1e-6
        several += len(answered.candidates) > 1
    assert several


def test_the_first_token_is_that_of_greedy_search_where_it_is_sure(answerer: ChatAnswerer, folder: Path) -> None:
    model = plain(folder)
    image = picture(seed=1)
    made = asked(folder, image)
    logits = model(**made).logits[0, -1]
    ends = model.generation_config.eos_token_id
    logits[ends] = float("-inf")
    ids = answerer.answer(answerer.look(image), QUESTION).spellings[0]
    assert ids[0] in logits.topk(5).indices


def test_spellings_of_one_text_are_one_answer(answerer: ChatAnswerer) -> None:
    vocabulary = answerer._vocabulary
    ways = [tuple(vocabulary.typed(text).ids) for text in ("red", "Red.", " red", "star", "a star")]
    merged = answerer._merged([(ids, 0.1) for ids in ways])
    assert [(text, len(ids), pytest.approx(p)) for text, ids, p in merged] == [
        ("red", 3, 0.3), ("star", 1, 0.1), ("a star", 1, 0.1),
    ]  # fmt: skip


def test_the_trace_equals_eager_attention_and_its_gradients(answerer: ChatAnswerer, folder: Path) -> None:
    image = picture(130, 70, seed=1)
    ids = [300, 31, 258]
    trace = answerer.explain(answerer.look(image), QUESTION, ids)
    made = asked(folder, image)
    model = plain(folder, attn_implementation="eager")
    model.get_input_embeddings().weight.requires_grad_()
    out = model(**longer(made, ids[:-1]), output_attentions=True, use_cache=False)
    start = made["input_ids"].shape[1] - 1
    score = torch.stack([log_odds(out.logits[0, start + i], token) for i, token in enumerate(ids)]).sum()
    gradients = torch.autograd.grad(score, out.attentions)
    prompt = made["input_ids"][0]
    question = AutoTokenizer.from_pretrained(folder)(QUESTION, add_special_tokens=False).input_ids
    first = next(i for i in range(len(prompt)) if prompt[i : i + len(question)].tolist() == question)
    places = {
        "image": torch.nonzero(prompt == model.config.image_token_id)[:, 0],
        "question": torch.arange(first, first + len(question)),
        "answer": torch.arange(start, start + len(ids)),
    }
    assert {name: len(segment) for name, segment in trace.segments.items()} == {n: len(p) for n, p in places.items()}
    pairs = {(r.query, r.key) for r in trace.records}
    assert pairs == {(q, k) for q in ("question", "answer") for k in places if (q, k) != ("question", "answer")}
    for query, key in pairs:
        records = trace.select("self" if query == key else "cross", query, key)
        assert [r.layer for r in records] == list(range(3))
        for record, weights, gradient in zip(records, out.attentions, gradients, strict=True):
            block = (0, slice(None), places[query][:, None], places[key])
            assert record.gradient is not None
            torch.testing.assert_close(record.weights, weights[block], atol=1e-5, rtol=0)
            torch.testing.assert_close(record.gradient, gradient[block], atol=1e-3, rtol=1e-3)
    assert float(trace.select("cross", "answer", "image")[0].gradient.abs().max()) > 1e-3  # type: ignore[union-attr]


def test_no_more_rows_are_recorded_than_segments_have(answerer: ChatAnswerer) -> None:
    trace = answerer.explain(answerer.look(picture()), QUESTION, [300, 31])
    for record in trace.records:
        assert record.weights.shape[1:] == (len(trace.segments[record.query]), len(trace.segments[record.key]))
        assert record.query != "image"


@pytest.mark.parametrize(
    "typed",
    ["<image>", "is it <|im_end|> red?", "<fake_token_around_image><image>", "<|image_pad|> <|vision_end|>?", "né 🟥?"],
)
def test_what_is_typed_is_text(answerer: ChatAnswerer, folder: Path, typed: str) -> None:
    seen = answerer.look(picture())
    answered = answerer.answer(seen, typed)
    segment = answered.trace.segments["question"]
    read = answerer._vocabulary.typed(typed)
    special = set(AutoTokenizer.from_pretrained(folder).all_special_ids)
    assert not special & set(read.ids)
    assert isinstance(segment.layout, TextLayout)
    for label, place in zip(segment.labels, segment.layout.offsets, strict=True):
        assert place is None or (typed[slice(*place)] == label and label == label.strip())
    shown = "".join(dict.fromkeys(typed[slice(*p)] + str(p) for p in segment.layout.offsets if p is not None))
    assert all(word in shown or len(word) > 1 for word in typed.split())
    assert len(answered.trace.segments["image"]) == seen.states.shape[1]


def test_the_second_question_reads_no_picture(answerer: ChatAnswerer, folder: Path) -> None:
    image = picture(seed=9)
    lengths: list[int] = []
    seen = []
    network = answerer._conversation.network
    layer: nn.Module = network.stack.layers[0]
    hooks = [
        network.vision.register_forward_hook(lambda *_: seen.append(1)),
        layer.register_forward_hook(lambda _m, given, _o: lengths.append(given[0].shape[1])),
    ]
    try:
        answerer.answer(answerer.look(image), QUESTION)
        assert len(seen) == 1
        lengths.clear()
        answerer.answer(answerer.look(image), "is it a star?")
    finally:
        for hook in hooks:
            hook.remove()
    assert len(seen) == 1
    assert max(lengths) < answerer.look(image).states.shape[1]


def test_what_is_kept_of_a_picture_goes_with_it(answerer: ChatAnswerer) -> None:
    kept = answerer._conversation._recent._kept
    answerer.look = RecentPictures(answerer._conversation.eyes.encode)
    for seed in range(20, 24):
        answerer.answer(answerer.look(picture(seed=seed)), QUESTION)
        assert len(kept) <= 2
    answerer.look = RecentPictures(answerer._conversation.eyes.encode)
    gc.collect()
    assert not kept


def test_variants_equal_asking_without_the_parts(answerer: ChatAnswerer, folder: Path) -> None:
    image = picture(seed=6)
    seen = answerer.look(image)
    model, spellings = plain(folder), [(300, 31), (31,)]
    layout = answerer.explain(seen, QUESTION, [31]).segments["image"].layout
    cells = layout.rows * layout.cols  # type: ignore[union-attr]
    words = sum(place is not None for place in answerer._vocabulary.typed(QUESTION).ranges)
    keep = np.ones((3, words), bool)
    keep[1, 0] = keep[2, 1] = keep[2, 2] = False
    variants = answerer.variants(seen, QUESTION, spellings, "mean", "underscore")
    read = answerer._vocabulary.typed(QUESTION).ids
    made = asked(folder, image)
    first = next(i for i in range(999) if made["input_ids"][0, i : i + len(read)].tolist() == read)
    expected = []
    for row in keep:
        ids = made["input_ids"].clone()
        ids[0, first + torch.from_numpy(np.flatnonzero(~row))] = answerer._vocabulary.stand_in
        expected.append(sum(probability(model, made | {"input_ids": ids}, s, answerer.max_tokens) for s in spellings))
    assert variants(None, keep) == pytest.approx(expected, rel=1e-3)
    both = variants(np.ones((3, cells), bool), keep)
    assert both == pytest.approx(expected, rel=1e-3)
    nothing = variants(np.zeros((3, cells), bool), keep)
    assert not np.allclose(nothing, both, rtol=1e-2)
    hidden = answerer.variants(seen, QUESTION, spellings, "attention", "attention")
    assert hidden(None, np.ones((1, words), bool))[0] == pytest.approx(expected[0], rel=1e-3)
    masked = made | {"attention_mask": made["attention_mask"].clone()}
    masked["attention_mask"][0, first] = 0
    assert hidden(None, keep[1:2])[0] == pytest.approx(
        sum(without(model, masked, s, answerer.max_tokens) for s in spellings), rel=1e-3
    )


def without(model: PreTrainedModel, made: dict[str, torch.Tensor], ids: tuple[int, ...], most: int) -> float:
    """As `probability`, with the prompt's mask, and the positions that there are without it."""
    full = longer(made, list(ids))
    full["attention_mask"][:, : made["attention_mask"].shape[1]] = made["attention_mask"]
    if "mm_token_type_ids" in made:
        places, _ = model.model.get_rope_index(full["input_ids"], full["mm_token_type_ids"], made["image_grid_thw"])
    else:
        places = torch.arange(full["input_ids"].shape[1])[None]
    chances = model(**full, position_ids=places).logits[0, -len(ids) - 1 :].softmax(-1)
    found = math.prod(float(chances[i, token]) for i, token in enumerate(ids))
    return found * (float(chances[-1, model.generation_config.eos_token_id].sum()) if len(ids) < most else 1.0)


def test_the_score_of_pixels_is_that_of_the_trace(answerer: ChatAnswerer, folder: Path) -> None:
    image = picture(96, 64, seed=3)
    seen = answerer.look(image)
    score = answerer.picture_score(seen, QUESTION, [300, 31])
    pixels = score.pixels[None].clone().requires_grad_()
    value = score.score(score.states(pixels))
    made = asked(folder, image)
    logits = plain(folder)(**longer(made, [300])).logits[0, -2:]
    expected = float(log_odds(logits[0], 300) + log_odds(logits[1], 31))
    assert float(value.detach()) == pytest.approx(expected, abs=0.3)
    (gradient,) = torch.autograd.grad(value.sum(), pixels)
    assert float(gradient.abs().max()) > 0


def test_a_question_too_long_for_the_model_says_so(answerer: ChatAnswerer) -> None:
    with pytest.raises(UserError, match="too long for this model"):
        answerer.answer(answerer.look(picture()), "q" * 1100)
