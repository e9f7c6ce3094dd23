"""Questions about pictures: the label is true of the picture, and what is seen and read is the answerer's own."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
import torch
from PIL import Image
from sklearn.decomposition import PCA

from mm_demo.errors import UserError
from mm_demo.lab import Experiment
from mm_demo.lab.data import kept as kept_module
from mm_demo.lab.data import pictures as module
from mm_demo.lab.data.dataset import Dataset
from mm_demo.lab.data.origin import Askable
from mm_demo.lab.data.pictures import Components, PictureQuestions, questions
from mm_demo.lab.one_example import opinions, opinions_on, shown
from mm_demo.scenes import COLORS, make_scene
from tests.lab.small import PLAN


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dataset]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kept_module, "FOLDER", tmp_path_factory.mktemp("cache"))
        patch.setattr(module, "EXAMPLES", {"train": 60, "validation": 20, "test": 25})
        yield questions()


def origin(data: Dataset) -> PictureQuestions:
    assert isinstance(data.origin, PictureQuestions)
    return data.origin


def test_the_label_is_true_of_the_drawn_masks_and_no_picture_is_in_two_splits(made: Dataset) -> None:
    assert made.names == ("picture", "question") and made.classes == COLORS
    assert {split: len(rows) for split, rows in made.splits.items()} == {"train": 60, "validation": 20, "test": 25}
    seeds = {split: set(origin(made).seeds[rows.numpy()].tolist()) for split, rows in made.splits.items()}
    assert not seeds["train"] & seeds["validation"] and not (seeds["train"] | seeds["validation"]) & seeds["test"]
    asked = set()
    for row in range(105):
        example = origin(made).shown(row)
        scene = make_scene(int(origin(made).seeds[row]), 128, "test")
        assert example.picture is not None and np.array_equal(example.picture, scene.picture)
        side = next(word for word in ("left", "right", "top", "bottom") if f"{word}?" in example.text)
        asked.add(side)
        axis = 1 if side in ("left", "right") else 0
        middles = [np.argwhere(o.mask)[:, axis].mean() / 128 for o in scene.objects]
        there = [(m < 0.5) == (side in ("left", "top")) for m in middles]
        assert there.count(True) == 1
        assert scene.objects[there.index(True)].color == COLORS[made.labels[row]]
    assert len(asked) == 4


def test_one_picture_is_asked_about_several_objects(made: Dataset) -> None:
    seeds = origin(made).seeds
    asked = [{origin(made).texts[i] for i in np.flatnonzero(seeds == seed)} for seed in np.unique(seeds)]
    answers = [set(made.labels[np.flatnonzero(seeds == seed)].tolist()) for seed in np.unique(seeds)]
    assert sum(len(texts) > 1 for texts in asked) > len(asked) / 2
    assert sum(len(found) > 1 for found in answers) > len(answers) / 3, "the picture alone doesn't say which"


def test_the_components_are_scikit_learn_s() -> None:
    states = torch.randn(200, 12, generator=torch.Generator().manual_seed(0)) * torch.arange(1, 13) + 3
    found = Components.of(states, 4)(states).numpy()
    theirs = PCA(4).fit_transform(states.numpy())
    theirs /= theirs.std()
    assert np.allclose(np.abs(found), np.abs(theirs), atol=1e-3)


def test_an_example_asked_again_by_hand_gets_the_same_answers(made: Dataset) -> None:
    experiment = Experiment(made, ["early", "cross_modal"], PLAN)
    list(experiment.train())
    assert isinstance(made.origin, Askable)
    for number in (0, 9):
        example = shown(made, number)
        assert example is not None and example.picture is not None
        known = opinions(experiment, number, {})
        own = opinions_on(experiment, made.origin.enter(Image.fromarray(example.picture), example.text).modalities, {})
        assert own.truth is None and known.truth in COLORS
        for ours, theirs in zip(own.given, known.given, strict=True):
            # The kept states are half precision.
            assert ours.probabilities == pytest.approx(theirs.probabilities, abs=0.02)
            assert ours.weights == pytest.approx(theirs.weights, abs=0.05)
    noisy = opinions_on(
        experiment, made.origin.enter(Image.fromarray(example.picture), example.text).modalities, {"picture": 1}
    )
    assert noisy.given[0].probabilities != own.given[0].probabilities


def test_longer_questions_than_any_and_words_unknown(made: Dataset) -> None:
    experiment = Experiment(made, ["early", "cross_modal"], PLAN)
    list(experiment.train())
    picture = Image.new("RGB", (300, 200), "white")
    entered = origin(made).enter(
        picture, "what color is the thing on the left of the very large blorp in this picture?"
    )
    assert len(entered.modalities["question"].mask[0]) > made.modalities["question"].mask.shape[1]
    assert any("blorp" in note for note in entered.notes)
    assert all(torch.isfinite(modality.states).all() for modality in entered.modalities.values())
    assert len(opinions_on(experiment, entered.modalities, {"question": 0.5}).given) == 2
    with pytest.raises(UserError, match="too long"):
        origin(made).enter(picture, "what " * 100)
