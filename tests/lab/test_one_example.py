"""One example before every strategy: the same as asking for all, and noise that reaches only what is there."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from mm_demo.errors import UserError
from mm_demo.lab import Experiment
from mm_demo.lab.data.dataset import Dataset, ModalityData
from mm_demo.lab.families import families
from mm_demo.lab.one_example import opinions, selectable
from tests.lab.small import PLAN, small

WITHOUT_SPEECH = 3


def without_speech() -> Dataset:
    """The small data, where one test example has no speech at all."""
    data = small()
    mask = data.modalities["speech"].mask.clone()
    mask[data.splits["test"][WITHOUT_SPEECH]] = False
    speech = ModalityData(data.modalities["speech"].states, mask)
    return replace(data, modalities={**data.modalities, "speech": speech})


@pytest.fixture(scope="module")
def trained() -> Experiment:
    experiment = Experiment(without_speech(), ["early", "attention"], PLAN)
    list(experiment.train())
    return experiment


def test_without_noise_it_is_what_the_whole_test_part_gets(trained: Experiment) -> None:
    modalities, labels = trained.data.part("test")
    for number in (0, 7):
        found = opinions(trained, number, {})
        assert found.truth == trained.data.classes[labels[number]]
        assert [given.strategy for given in found.given] == ["early", "attention"]
        for given in found.given:
            logits, weights = trained.fits[given.strategy].answers(modalities)
            for i, name in enumerate(trained.data.classes):
                odds = logits[:, number].softmax(1)[:, i].mean()
                assert given.probabilities[name] == pytest.approx(float(odds), abs=1e-5)
            assert list(given.probabilities.values()) == sorted(given.probabilities.values(), reverse=True)
            assert given.right == int((logits[:, number].argmax(1) == labels[number]).sum()) and given.seeds == 3
            assert given.own_weights == (weights is not None)
            assert list(given.weights) == list(trained.data.names)
            assert sum(given.weights.values()) == pytest.approx(1, abs=1e-4)
            if weights is not None:
                assert list(given.weights.values()) == pytest.approx(weights[:, number].mean(0).tolist(), abs=1e-5)


def test_noise_changes_answers_but_not_through_a_modality_that_is_missing(trained: Experiment) -> None:
    plain = opinions(trained, WITHOUT_SPEECH, {})
    assert opinions(trained, WITHOUT_SPEECH, {"speech": 1.0}) == plain
    assert opinions(trained, WITHOUT_SPEECH, {"text": 0.0}) == plain
    noisy = opinions(trained, WITHOUT_SPEECH, {"text": 0.5})
    assert noisy == opinions(trained, WITHOUT_SPEECH, {"text": 0.5})
    assert noisy.truth == plain.truth
    assert all(a.probabilities != b.probabilities for a, b in zip(noisy.given, plain.given, strict=True))


def test_at_level_one_nothing_of_the_modality_is_left() -> None:
    data = small()
    row = data.splits["test"][0]
    experiment = Experiment(data, ["early"], PLAN)
    list(experiment.train())
    before = opinions(experiment, 0, {"text": 1.0})
    # Another example of the same data with the same mean and spread: swap two rows, and ask about the first again.
    other = data.splits["test"][1]
    states = data.modalities["text"].states.clone()
    states[torch.stack([row, other])] = states[torch.stack([other, row])]
    text = ModalityData(states, data.modalities["text"].mask)
    experiment.data = replace(data, modalities={**data.modalities, "text": text})
    after = opinions(experiment, 0, {"text": 1.0})
    assert list(after.given[0].probabilities.values()) == pytest.approx(
        list(before.given[0].probabilities.values()), abs=1e-5
    )


@pytest.mark.parametrize(
    ("number", "noise"), [(-1, {}), (20, {}), (0, {"smell": 0.5}), (0, {"text": 1.5}), (0, {"text": float("nan")})]
)
def test_what_is_not_there_is_one_sentence(trained: Experiment, number: int, noise: dict[str, float]) -> None:
    with pytest.raises(UserError, match="choose"):
        opinions(trained, number, noise)


def test_every_test_example_can_be_chosen_and_a_strategy_under_way_is_left_out() -> None:
    experiment = Experiment(small(), ["early", "late"], PLAN)
    assert selectable(experiment.data) == 20
    for event in experiment.train():
        if event.strategy == "late":
            break
    assert [given.strategy for given in opinions(experiment, 0, {}).given] == ["early"]


def test_families_hold_every_strategy_once() -> None:
    from mm_demo.fusion import STRATEGIES

    found = [strategy for family in families().values() for strategy in family]
    assert len(found) == len(STRATEGIES) and set(found) == set(STRATEGIES.values())
