"""The shipped checkpoints know their world, and say when they don't."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest
from PIL import Image
from scipy.ndimage import gaussian_filter

import mm_demo
from mm_demo.evaluation.facts import judge
from mm_demo.evaluation.pictures import SETS
from mm_demo.evaluation.vqa import questions_for
from mm_demo.models.catalog import WEIGHTS
from mm_demo.scenes import Scene
from mm_demo.scenes.wording import vary
from mm_demo.tasks.caption import CaptionTask
from mm_demo.tasks.vqa import VqaTask

FIRST = 77_000_000
"""Seeds that neither training nor the published figures use."""


@pytest.fixture(scope="module")
def answerer() -> VqaTask:
    return mm_demo.load("vqa", device="cpu")


@pytest.fixture(scope="module")
def captioner() -> CaptionTask:
    return mm_demo.load("caption", device="cpu")


def scenes(name: str, n: int) -> list[Scene]:
    return [SETS[name](FIRST + i) for i in range(n)]


@pytest.mark.parametrize(
    ("name", "least"), [("held-out scenes", 0.93), ("another hand", 0.85), ("drawn by mouse", 0.75)]
)
def test_answers_are_right(answerer: VqaTask, name: str, least: float) -> None:
    right = []
    for index, scene in enumerate(scenes(name, 25)):
        rng = Random(index)
        for question in questions_for(scene, rng):
            answer = answerer(Image.fromarray(scene.picture), vary(question.text, rng, typos=0.0)).answer
            right.append(answer == question.answer)
    assert np.mean(right) >= least


def test_captions_are_true_and_name_everything(captioner: CaptionTask) -> None:
    facts: list[bool] = []
    named: list[bool] = []
    for scene in scenes("held-out scenes", 40):
        true, said = judge(captioner(Image.fromarray(scene.picture)).answer, scene.objects)
        facts += true
        named += said
    assert np.mean(facts) >= 0.93
    assert np.mean(named) >= 0.93


def test_scenes_are_familiar_and_photographic_pictures_are_not(answerer: VqaTask, captioner: CaptionTask) -> None:
    rng = np.random.default_rng(0)
    strange = []
    for _ in range(10):
        # Natural images have amplitude falling with frequency: blurred noise at several scales, in colour.
        layers = [gaussian_filter(rng.normal(size=(240, 320, 3)), (s, s, 0)) * s for s in (1, 2, 4, 8, 16, 32)]
        mixed = np.sum(layers, axis=0)
        strange.append(Image.fromarray((255 * (mixed - mixed.min()) / np.ptp(mixed)).astype(np.uint8)))
    for task in (answerer, captioner):
        known = [task.familiarity(Image.fromarray(s.picture))[0] for s in scenes("held-out scenes", 40)]
        assert np.mean(known) >= 0.9
        assert not any(task.familiarity(picture)[0] for picture in strange)


@pytest.mark.parametrize("name", ["blip-caption-scenes", "blip-vqa-scenes"])
def test_a_checkpoint_is_complete_and_small(name: str) -> None:
    folder = WEIGHTS / name
    held = {path.name for path in folder.iterdir()}
    assert {"config.json", "model.safetensors", "README.md", "familiarity.safetensors", "tokenizer.json"} <= held
    assert not [path for path in held if path.endswith((".bin", ".pt", ".pkl", ".ckpt"))]
    assert sum(path.stat().st_size for path in folder.iterdir()) < 12_000_000
