"""Maps that need the model: against sums by hand, and against Captum where the method is ours."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from captum.attr import LayerGradCam, Occlusion
from PIL import Image
from torch import Tensor, nn

from mm_demo.evaluation.attributions import grad_cam, hires_cam, integrated_gradients, occlusion
from mm_demo.models.blip import BlipAnswerer, BlipCaptioner
from mm_demo.models.family import PictureScore
from mm_demo.models.loading import open_model
from mm_demo.models.removal import filling
from mm_demo.tasks.caption import CaptionTask
from mm_demo.tasks.results import CaptionResult
from mm_demo.tasks.vqa import VqaTask

WORD = 2
PATCH = 8


@pytest.fixture(scope="module")
def captioner(caption_folder: Path) -> BlipCaptioner:
    model = open_model("caption", str(caption_folder), "cpu")
    assert isinstance(model, BlipCaptioner)
    return model


@pytest.fixture(scope="module")
def result(captioner: BlipCaptioner, pictures: list[Image.Image]) -> CaptionResult:
    return CaptionTask(captioner)(pictures[0])


@pytest.fixture(scope="module")
def score(captioner: BlipCaptioner, result: CaptionResult) -> PictureScore:
    return captioner.picture_score(captioner.look(result.image), result.token_ids[: WORD + 1])


def whole(score: PictureScore, pixels: Tensor) -> Tensor:
    return score.score(score.states(pixels))


def test_a_words_score_is_the_log_odds_of_its_probability(score: PictureScore, result: CaptionResult) -> None:
    found = float(whole(score, score.pixels[None]).detach().sigmoid())
    assert found == pytest.approx(result.tokens[WORD].probability, abs=1e-5)


def test_an_answers_score_is_what_its_trace_differentiates(vqa_folder: Path, pictures: list[Image.Image]) -> None:
    model = open_model("vqa", str(vqa_folder), "cpu")
    assert isinstance(model, BlipAnswerer)
    question = "What color is the star?"
    spelling = VqaTask(model)(pictures[0], question).spellings[0]
    score = model.picture_score(model.look(pictures[0]), question, spelling)
    logits = plain_logits(model, score, question, list(spelling))
    expected = sum(row[i] - torch.cat([row[:i], row[i + 1 :]]).logsumexp(0) for row, i in zip(logits, spelling))
    both = torch.stack([score.pixels, filling(score.pixels, "mean")])
    found = whole(score, both)
    assert float(found[0].detach()) == pytest.approx(float(expected), abs=1e-4)
    assert float(found[1].detach()) == pytest.approx(float(whole(score, both[1:])[0].detach()), abs=1e-4)


def plain_logits(model: BlipAnswerer, score: PictureScore, question: str, spelling: list[int]) -> Tensor:
    """(tokens, vocabulary) by the checkpoint's own stacks, without anything of ours between them."""
    plain, tokenizer = model._model, model._processor.tokenizer
    asked = tokenizer(question, return_tensors="pt").input_ids
    with torch.no_grad():
        seen = plain.vision_model(score.pixels[None]).last_hidden_state
        read = plain.text_encoder(input_ids=asked, encoder_hidden_states=seen).last_hidden_state
        start = plain.config.text_config.bos_token_id
        ids = torch.tensor([[start, *spelling[:-1]]])
        logits: Tensor = plain.text_decoder(input_ids=ids, encoder_hidden_states=read, use_cache=False).logits
    return logits[0]


def test_integrated_gradients_are_the_sum_over_the_path(score: PictureScore) -> None:
    empty = filling(score.pixels, "mean")
    steps = 400
    total = torch.zeros_like(score.pixels)
    for start in range(0, steps, 100):
        at = (torch.arange(start, start + 100) + 0.5) / steps
        points = (empty + at[:, None, None, None] * (score.pixels - empty)).requires_grad_()
        (gradient,) = torch.autograd.grad(whole(score, points).sum(), points)
        total += gradient.sum(0) / steps
    rows, cols = score.grid[0]
    by_hand = np.zeros((rows, cols))
    products = (total * (score.pixels - empty)).sum(0).numpy()
    for row in range(rows):
        for col in range(cols):
            by_hand[row, col] = products[row * PATCH : (row + 1) * PATCH, col * PATCH : (col + 1) * PATCH].sum()
    found = integrated_gradients(score)
    np.testing.assert_allclose(found, by_hand, atol=0.02 * np.abs(by_hand).max())
    gained = whole(score, torch.stack([score.pixels, empty])).detach()
    assert found.sum() == pytest.approx(float(gained[0] - gained[1]), abs=0.02 * np.abs(by_hand).sum())


def test_occlusion_through_the_probe_is_captums(
    captioner: BlipCaptioner, result: CaptionResult, score: PictureScore
) -> None:
    probe = CaptionTask(captioner).probe(result, WORD, "mean")
    with torch.no_grad():
        expected = Occlusion(lambda pixels: whole(score, pixels).sigmoid()).attribute(
            score.pixels[None],
            sliding_window_shapes=(3, PATCH, PATCH),
            strides=(3, PATCH, PATCH),
            baselines=filling(score.pixels, "mean")[None],
        )
    found = occlusion(probe).reshape(score.grid[0])
    np.testing.assert_allclose(found, expected[0, 0, ::PATCH, ::PATCH].numpy(), atol=1e-5)
    assert np.abs(found).max() > 1e-4


def test_grad_cam_is_captums(score: PictureScore) -> None:
    class Decoder(nn.Module):
        """Captum takes dimension 1 for the channels, which in the encoder's output are the last."""

        def __init__(self) -> None:
            super().__init__()
            self.seen = nn.Identity()

        def forward(self, channels: Tensor) -> Tensor:
            patches = self.seen(channels).transpose(1, 2)
            return score.score(torch.cat([leading, patches], 1))

    states = score.states(score.pixels[None]).detach()
    leading = states[:, : score.leading]
    decoder = Decoder()
    channels = states[:, score.leading :].transpose(1, 2).requires_grad_()
    expected = LayerGradCam(decoder, decoder.seen).attribute(channels, relu_attributions=True)
    np.testing.assert_allclose(grad_cam(score).ravel(), expected[0, 0].detach().numpy(), rtol=1e-4, atol=1e-6)


def test_hires_cam_weighs_each_patch_by_its_own_gradient(score: PictureScore) -> None:
    states = score.states(score.pixels[None]).detach().requires_grad_()
    (gradient,) = torch.autograd.grad(score.score(states)[0], states)
    expected = [max(0.0, float(s @ g)) for s, g in zip(states.detach()[0, 1:], gradient[0, 1:])]
    np.testing.assert_allclose(hires_cam(score).ravel(), expected, rtol=1e-4, atol=1e-6)
