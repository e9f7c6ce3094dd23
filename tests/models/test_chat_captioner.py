"""Captions of chat models: the model's own `generate`, with the rows and gradients that eager attention would give."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from shutil import copytree

import numpy as np
import pytest
import torch
from transformers import PreTrainedModel, Qwen2_5_VLForConditionalGeneration, SmolVLMForConditionalGeneration

import mm_demo
from mm_demo.attention.recorder import REGISTRY_NAME
from mm_demo.errors import UserError
from mm_demo.models.chat import ChatCaptioner
from mm_demo.models.gradients import log_odds
from mm_demo.models.loading import open_model
from tests.models.chat_asking import CAPTION, inputs, longer, picture, plain
from tests.models.chat_checkpoints import MAKERS, save


@pytest.fixture(scope="module", params=[SmolVLMForConditionalGeneration, Qwen2_5_VLForConditionalGeneration])
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = MAKERS[request.param](request.param, seed=5)
    return save(tmp_path_factory.mktemp("chat"), *made)


@pytest.fixture(scope="module", params=MAKERS)
def each(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As `folder`, of every class."""
    made = MAKERS[request.param](request.param, seed=5)
    return save(tmp_path_factory.mktemp("each"), *made)


@pytest.fixture(scope="module")
def captioner(folder: Path) -> ChatCaptioner:
    return opened(folder)


def opened(folder: Path) -> ChatCaptioner:
    model = open_model("caption", str(folder), "cpu")
    assert isinstance(model, ChatCaptioner)
    return model


def changed(folder: Path, to: Path, **generation: object) -> Path:
    """A copy of a checkpoint that wants to write otherwise."""
    copytree(folder, to)
    path = to / "generation_config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | generation))
    return to


def generated(model: PreTrainedModel, made: dict[str, torch.Tensor], most: int) -> list[int]:
    found = model.generate(**made, do_sample=False, max_new_tokens=most)
    ids: list[int] = found[0, made["input_ids"].shape[1] :].tolist()
    return ids[:-1] if ids[-1] == model.generation_config.eos_token_id else ids


def eager_log_odds(
    model: PreTrainedModel, made: dict[str, torch.Tensor], ids: list[int], index: int
) -> tuple[tuple[torch.Tensor, ...], torch.Tensor]:
    """All layers' attention over a prompt and a caption, in the graph of one of its tokens' log-odds."""
    model.get_input_embeddings().weight.requires_grad_()
    out = model(**longer(made, ids[:-1]), output_attentions=True, use_cache=False)
    return out.attentions, log_odds(out.logits[0, made["input_ids"].shape[1] - 1 + index], ids[index])


def test_tokens_are_those_of_generate(each: Path) -> None:
    captioner, model = opened(each), plain(each)
    for size in ((100, 60), (40, 90), (1, 1), (4000, 20)):
        image = picture(*size, seed=size[0])
        written = [token for token, _ in captioner.write(captioner.look(image))]
        made = inputs(each, image, CAPTION)
        ids = [token.id for token in written]
        assert ids == generated(model, made, captioner.max_tokens)
        logits = model(**longer(made, ids[:-1])).logits[0, -len(ids) :]
        for token, row in zip(written, logits.softmax(-1), strict=True):
            assert token.probability == pytest.approx(float(row.max()), abs=1e-4)
            assert [p for _, p in token.runners_up] == pytest.approx(row.topk(5).values[1:].tolist(), abs=1e-4)


def test_a_repetition_penalty_counts_as_in_generate(folder: Path, tmp_path: Path) -> None:
    other = changed(folder, tmp_path / "penalised", repetition_penalty=4.0)
    image = picture(seed=7)
    captioner, before = opened(other), opened(folder)
    written = [token.id for token, _ in captioner.write(captioner.look(image))]
    assert written == generated(plain(other), inputs(other, image, CAPTION), captioner.max_tokens)
    assert written != [token.id for token, _ in before.write(before.look(image))]


def test_it_stops_at_any_of_the_ends(folder: Path, captioner: ChatCaptioner, tmp_path: Path) -> None:
    image = picture()
    ids = [token.id for token, _ in captioner.write(captioner.look(image))]
    fresh = next(i for i in range(2, len(ids)) if ids[i] not in ids[:i])
    ending = opened(changed(folder, tmp_path / "ending", eos_token_id=[ids[fresh], 1]))
    assert [token.id for token, _ in ending.write(ending.look(image))] == ids[:fresh]


def test_an_empty_caption_is_an_answer(folder: Path, captioner: ChatCaptioner, tmp_path: Path) -> None:
    image = picture()
    first, _ = next(iter(captioner.write(captioner.look(image))))
    silent = changed(folder, tmp_path / "silent", eos_token_id=first.id)
    result = mm_demo.load("caption", str(silent))(image)
    assert (result.answer, result.tokens) == ("", [])


def test_the_trace_equals_eager_attention(each: Path) -> None:
    captioner, image = opened(each), picture(130, 70, seed=3)
    *_, (_, trace) = captioner.write(captioner.look(image))
    ids = [token.id for token, _ in captioner.write(captioner.look(image))]
    made = inputs(each, image, CAPTION)
    model = plain(each, attn_implementation="eager")
    attentions, _ = eager_log_odds(model, made, ids, 0)
    start = made["input_ids"].shape[1] - 1
    image_columns = made["input_ids"][0] == model.config.image_token_id
    assert len(trace.segments["image"]) == int(image_columns.sum())
    for key, columns in (
        ("image", torch.nonzero(image_columns)[:, 0]),
        ("caption", torch.arange(start, start + len(ids))),
    ):
        records = trace.select("cross" if key == "image" else "self", "caption", key)
        assert [r.layer for r in records] == list(range(len(attentions)))
        for record, weights in zip(records, attentions, strict=True):
            torch.testing.assert_close(record.weights, weights[0, :, start:, columns], atol=1e-5, rtol=0)


def test_gradient_traces_equal_eager_gradients(captioner: ChatCaptioner, folder: Path) -> None:
    image = picture(seed=4)
    seen = captioner.look(image)
    ids = [token.id for token, _ in captioner.write(seen)][:5]
    made = inputs(folder, image, CAPTION)
    model = plain(folder, attn_implementation="eager")
    columns = torch.nonzero(made["input_ids"][0] == model.config.image_token_id)[:, 0]
    start = made["input_ids"].shape[1] - 1
    for index, trace in zip((1, 4), captioner.gradient_traces(seen, ids, [1, 4]), strict=True):
        attentions, score = eager_log_odds(model, made, ids, index)
        gradients = torch.autograd.grad(score, attentions)
        records = trace.select("cross", "caption", "image")
        largest = 0.0
        for record, weights, gradient in zip(records, attentions, gradients, strict=True):
            assert record.gradient is not None
            torch.testing.assert_close(record.weights, weights[0, :, start:, columns], atol=1e-5, rtol=0)
            torch.testing.assert_close(record.gradient, gradient[0, :, start:, columns], atol=1e-3, rtol=1e-3)
            largest = max(largest, float(record.gradient.abs().max()))
        assert largest > 0.01


def test_earlier_traces_are_beginnings_of_the_last(captioner: ChatCaptioner) -> None:
    traces = [trace for _, trace in captioner.write(captioner.look(picture()))]
    for length in (1, 4, 9):
        early = traces[length - 1]
        assert len(early.segments["caption"]) == length
        for mine, final in zip(early.records, traces[-1].records, strict=True):
            assert torch.equal(mine.weights, final.weights[:, :length, : mine.weights.shape[-1]])


def test_only_the_decoder_reports(captioner: ChatCaptioner) -> None:
    config = captioner._model.config
    assert config.text_config._attn_implementation == REGISTRY_NAME
    assert config.vision_config._attn_implementation != REGISTRY_NAME


def test_three_at_once_are_told_what_each_would_be_alone(captioner: ChatCaptioner) -> None:
    images = [picture(90 + 10 * i, 60, seed=i) for i in range(3)]

    def told(image: object) -> list[tuple[int, torch.Tensor]]:
        written = captioner.write(captioner.look(image))  # type: ignore[arg-type]
        return [(token.id, trace.records[1].weights[:, -1].clone()) for token, trace in written]

    alone = [told(image) for image in images]
    with ThreadPoolExecutor(3) as pool:
        together = list(pool.map(told, images * 2))
    for mine, other in zip(together, alone * 2, strict=True):
        assert [i for i, _ in mine] == [i for i, _ in other]
        for (_, left), (_, right) in zip(mine, other, strict=True):
            torch.testing.assert_close(left, right)


def test_hidden_tokens_are_hidden_from_the_whole_decoder(captioner: ChatCaptioner, folder: Path) -> None:
    image = picture()
    seen = captioner.look(image)
    ids = [token.id for token, _ in captioner.write(seen)][:3]
    grid = np.zeros(captioner_cells(captioner, image), bool)
    grid[:, : grid.shape[1] // 2] = True
    keep = np.array([np.ones(grid.size, bool), grid.ravel()])
    found = captioner.variants(seen, ids, 3, "attention")(keep)
    made = longer(inputs(folder, image, CAPTION), ids[:-1])
    _, trace = next(iter(captioner.write(seen)))
    hidden = ~grid.ravel()
    if (boxes := trace.segments["image"].layout.boxes) is not None:  # type: ignore[union-attr]
        hidden = np.array([grid[top:bottom, left:right].mean() < 0.5 for top, left, bottom, right in boxes])
    model = plain(folder)
    places = torch.nonzero(made["input_ids"][0] == model.config.image_token_id)[:, 0]
    masked = made["attention_mask"].clone()
    masked[0, places[torch.from_numpy(hidden)]] = 0
    settings: dict[str, torch.Tensor] = {}
    if "mm_token_type_ids" in made:
        three, _ = model.model.get_rope_index(made["input_ids"], made["mm_token_type_ids"], made["image_grid_thw"])
        settings["position_ids"] = three
    else:
        settings["position_ids"] = torch.arange(masked.shape[1])[None]
    for row, mask in zip(found, (made["attention_mask"], masked), strict=True):
        logits = model(**made | {"attention_mask": mask} | settings).logits[0, -3:]
        assert row == pytest.approx(logits.softmax(-1)[range(3), ids].tolist(), abs=1e-4)
    assert np.abs(found[0] - found[1]).max() > 1e-4


def captioner_cells(captioner: ChatCaptioner, image: object) -> tuple[int, int]:
    _, trace = next(iter(captioner.write(captioner.look(image))))  # type: ignore[arg-type]
    layout = trace.segments["image"].layout
    return layout.rows, layout.cols  # type: ignore[union-attr]


@pytest.mark.parametrize("way", ["mean", "blur", "noise"])
def test_painted_pictures_lose_what_is_painted_over(
    captioner: ChatCaptioner, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = picture(96, 64)
    seen = captioner.look(image)
    rows, cols = captioner_cells(captioner, image)
    keep = np.ones((2, rows, cols), bool)
    keep[1, 1, 2] = False
    ids = [token.id for token, _ in captioner.write(seen)][:2]
    network = captioner._conversation.network
    given: list[list[torch.Tensor]] = []
    features: Callable[..., torch.Tensor] = network.features
    monkeypatch.setattr(network, "features", lambda c: given.append(list(c)) or features(c))
    found = captioner.variants(seen, ids, 1, way)(keep.reshape(2, -1))
    assert found[0, 0] == pytest.approx([token.probability for token, _ in captioner.write(seen)][1], abs=1e-4)
    [painted] = given
    whole, _ = network.look(image)
    for canvas, original in zip(painted, whole, strict=True):
        differs = (canvas[0] != original).any(0)
        high, wide = differs.shape[0] / rows, differs.shape[1] / cols
        assert differs[int(1.5 * high), int(2.5 * wide)]
        down, right = torch.nonzero(differs).unbind(1)
        assert high - 1 < down.min() and down.max() < 2 * high + 1
        assert 2 * wide - 1 < right.min() and right.max() < 3 * wide + 1


def test_the_score_of_pixels_has_the_slope_of_the_model(captioner: ChatCaptioner) -> None:
    seen = captioner.look(picture(96, 64))
    ids = [token.id for token, _ in captioner.write(seen)][:2]
    score = captioner.picture_score(seen, ids)
    (rows, cols), side = score.grid
    assert score.pixels.shape[1:] == (rows * side, cols * side)
    states = score.states(score.pixels[None])
    assert states.shape[1] == score.leading + rows * cols
    pixels = score.pixels[None].clone().requires_grad_()
    value = score.score(score.states(pixels))
    assert float(captioner.variants(seen, ids, 1, "mean")(np.ones((1, rows * cols), bool))[0, 0]) == pytest.approx(
        float(value.detach().sigmoid()), abs=0.05
    )
    (gradient,) = torch.autograd.grad(value.sum(), pixels)
    direction = gradient / gradient.norm()
    step = 1e-2
    up, down = (float(score.score(score.states(pixels.detach() + s * direction))) for s in (step, -step))
    assert (up - down) / (2 * step) == pytest.approx(float(gradient.norm()), rel=0.05)


def test_randomised_copies_leave_the_model_as_it_is(captioner: ChatCaptioner) -> None:
    image = picture()
    before = [token.id for token, _ in captioner.write(captioner.look(image))]
    seen = []
    for label, twin in captioner.randomised():
        trace = next(twin.gradient_traces(twin.look(image), before[:2], [1]))
        seen.append((label, trace.records[1].weights.clone()))
    assert seen[0][0] == "decoder, upper half" and seen[-1][0].endswith("everything")
    assert all(not torch.equal(a, b) for (_, a), (_, b) in zip(seen, seen[1:], strict=False))
    assert before == [token.id for token, _ in captioner.write(captioner.look(image))]


def test_a_checkpoint_that_cannot_be_instructed_says_so(folder: Path, tmp_path: Path) -> None:
    copy = tmp_path / "mute"
    copytree(folder, copy)
    (copy / "chat_template.jinja").unlink()
    with pytest.raises(UserError, match="no chat template"):
        open_model("caption", str(copy), "cpu")
