"""BLIP captions: the model's own `generate`, with the rows that eager attention would give."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from PIL import Image
from transformers import BlipForConditionalGeneration, BlipProcessor

from mm_demo.models.blip import BlipCaptioner
from mm_demo.models.loading import open_model


@pytest.fixture(scope="module")
def captioner(caption_folder: Path) -> BlipCaptioner:
    model = open_model("caption", str(caption_folder), "cpu")
    assert isinstance(model, BlipCaptioner)
    return model


@pytest.fixture(scope="module")
def plain(caption_folder: Path) -> BlipForConditionalGeneration:
    return BlipForConditionalGeneration.from_pretrained(caption_folder).eval()


def _pixels(folder: Path, image: Image.Image) -> torch.Tensor:
    pixels: torch.Tensor = BlipProcessor.from_pretrained(folder)(images=image, return_tensors="pt").pixel_values
    return pixels


def test_tokens_are_those_of_generate(
    captioner: BlipCaptioner,
    plain: BlipForConditionalGeneration,
    caption_folder: Path,
    pictures: list[Image.Image],
) -> None:
    for image in pictures[:3]:
        written = [token for token, _ in captioner.write(captioner.look(image))]
        generated = plain.generate(
            _pixels(caption_folder, image), max_new_tokens=captioner.max_tokens, output_scores=True,
            return_dict_in_generate=True,
        )  # fmt: skip
        assert [token.id for token in written] == generated.sequences[0, 1 : 1 + len(written)].tolist()
        for token, scores in zip(written, generated.scores, strict=False):
            probabilities = scores[0].softmax(-1)
            assert token.probability == pytest.approx(float(probabilities.max()), abs=1e-5)
            assert [p for _, p in token.runners_up] == pytest.approx(
                probabilities.topk(5).values[1:].tolist(), abs=1e-5
            )


def test_it_stops_at_the_end_token(
    caption_folder: Path, plain: BlipForConditionalGeneration, pictures: list[Image.Image], tmp_path: Path
) -> None:
    model = BlipForConditionalGeneration.from_pretrained(caption_folder)
    head = model.text_decoder.cls.predictions
    head.decoder.bias.data[3] = head.bias.data[3] = 1.0
    model.save_pretrained(tmp_path)
    BlipProcessor.from_pretrained(caption_folder).save_pretrained(tmp_path)
    ending = open_model("caption", str(tmp_path), "cpu")
    assert isinstance(ending, BlipCaptioner)
    lengths = []
    for image in pictures:
        written = [token.id for token, _ in ending.write(ending.look(image))]
        generated = model.eval().generate(_pixels(caption_folder, image), max_new_tokens=ending.max_tokens)[0, 1:]
        assert [*written, 3] == generated.tolist() or len(written) == ending.max_tokens
        lengths.append(len(written))
    assert min(lengths) < ending.max_tokens


def test_the_trace_equals_eager_attention(
    captioner: BlipCaptioner,
    plain: BlipForConditionalGeneration,
    caption_folder: Path,
    pictures: list[Image.Image],
) -> None:
    *_, (_, trace) = captioner.write(captioner.look(pictures[0]))
    ids = [token.id for token, _ in captioner.write(captioner.look(pictures[0]))]
    with torch.no_grad():
        states = plain.vision_model(_pixels(caption_folder, pictures[0])).last_hidden_state
        read = torch.tensor([[5, *ids[:-1]]])
        eager = plain.text_decoder(read, encoder_hidden_states=states, output_attentions=True)
    for kind, key, expected in (("self", "caption", eager.attentions), ("cross", "image", eager.cross_attentions)):
        records = trace.select(kind, "caption", key)
        assert [r.layer for r in records] == list(range(len(expected)))
        for record, weights in zip(records, expected, strict=True):
            torch.testing.assert_close(record.weights, weights[0], atol=1e-5, rtol=0)
    assert len(trace.segments["caption"]) == len(ids)
    assert trace.segments["image"].leading + 16 == len(trace.segments["image"]) == records[0].weights.shape[-1]


def test_earlier_traces_are_beginnings_of_the_last(captioner: BlipCaptioner, pictures: list[Image.Image]) -> None:
    traces = [trace for _, trace in captioner.write(captioner.look(pictures[0]))]
    for length in (1, 4):
        early = traces[length - 1]
        assert len(early.segments["caption"]) == length
        for mine, final in zip(early.records, traces[-1].records, strict=True):
            assert torch.equal(mine.weights, final.weights[:, :length, : mine.weights.shape[-1]])


def test_gradient_traces_of_one_forward_equal_those_of_each_beginning(
    captioner: BlipCaptioner, pictures: list[Image.Image]
) -> None:
    picture = captioner.look(pictures[0])
    ids = [token.id for token, _ in captioner.write(picture)][:4]
    for index, trace in enumerate(captioner.gradient_traces(picture, ids, range(4))):
        alone = next(captioner.gradient_traces(picture, ids[: index + 1], [index]))
        for mine, other in zip(trace.records, alone.records, strict=True):
            assert mine.gradient is not None
            assert other.gradient is not None
            queries, keys = other.gradient.shape[1:]
            torch.testing.assert_close(mine.gradient[:, :queries, :keys], other.gradient, atol=1e-5, rtol=1e-4)
            assert float(mine.gradient[:, index + 1 :].abs().max() if index < 3 else 0) == 0.0


def test_an_abandoned_caption_leaves_no_hooks_and_no_gradients(
    captioner: BlipCaptioner, pictures: list[Image.Image]
) -> None:
    writing = captioner.write(captioner.look(pictures[0]))
    next(writing)
    assert torch.is_grad_enabled()
    assert not torch.is_inference_mode_enabled()
    modules = [site.module for site in captioner._sites]
    assert all(module._forward_hooks for module in modules)
    writing.close()  # type: ignore[attr-defined]
    assert not any(module._forward_hooks for module in modules)
    list(captioner.gradient_traces(captioner.look(pictures[0]), [6, 7], [0, 1]))
    assert all(p.grad is None and not p.requires_grad for m in modules for p in m.parameters())


def test_subword_pieces_continue_the_word(captioner: BlipCaptioner) -> None:
    tokenizer = captioner._vocabulary
    ids = {tokenizer.read(i): i for i in range(34)}
    assert ("s", True) in ids
    assert captioner.text([ids["car", False], ids["s", True]]) == "cars"
