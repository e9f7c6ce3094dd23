"""The dial and the sequence task hold what they say, and nothing else."""

from __future__ import annotations

import pytest
import torch
from sklearn.linear_model import LogisticRegression

from mm_demo.errors import UserError
from mm_demo.lab.data.dataset import Dataset
from mm_demo.lab.data.dial import PRESETS, Dial, dial, sign_table
from mm_demo.lab.data.sequence import sequence
from mm_demo.lab.metrics.decomposition import decompose


def linear_accuracy(data: Dataset, names: tuple[str, ...]) -> float:
    x = torch.cat([data.modalities[name].states.flatten(1) for name in names], dim=1).numpy()
    y, train, test = data.labels.numpy(), data.splits["train"].numpy(), data.splits["test"].numpy()
    return float(LogisticRegression(max_iter=200).fit(x[train], y[train]).score(x[test], y[test]))


@pytest.mark.parametrize(
    ("preset", "first", "second", "both"),
    [
        ("redundancy", 0.97, 0.97, 0.97),
        ("unique", 0.97, 0.5, 0.97),
        ("additive", 0.75, 0.75, 0.96),
        ("synergy", 0.5, 0.5, 0.5),
    ],
)
def test_what_a_linear_model_finds_in_each_preset(preset: str, first: float, second: float, both: float) -> None:
    data = dial(PRESETS[preset], preset)
    found = [linear_accuracy(data, names) for names in (("first",), ("second",), ("first", "second"))]
    assert found == pytest.approx([first, second, both], abs=0.03)


def test_the_same_seed_is_the_same_data_whatever_was_drawn_before() -> None:
    first = dial(Dial(synergy=1), seed=3)
    torch.rand(7)
    again, other = dial(Dial(synergy=1), seed=3), dial(Dial(synergy=1), seed=4)
    assert torch.equal(first.modalities["first"].states, again.modalities["first"].states)
    assert torch.equal(first.labels, again.labels)
    assert not torch.equal(first.labels, other.labels)


def test_splits_share_no_example() -> None:
    for data in (dial(PRESETS["unique"]), sequence()):
        rows = torch.cat(list(data.splits.values()))
        assert len(rows.unique()) == len(rows) == len(data.labels)


@pytest.mark.parametrize(
    ("preset", "redundancy", "first", "second", "synergy"),
    [("redundancy", 1, 0, 0, 0), ("unique", 0, 1, 0, 0), ("synergy", 0, 0, 0, 1)],
)
def test_the_signs_of_pure_presets_decompose_as_named(
    preset: str, redundancy: float, first: float, second: float, synergy: float
) -> None:
    found = decompose(sign_table(PRESETS[preset]).numpy())
    assert found == pytest.approx((redundancy, first, second, synergy), abs=1e-6)


def test_a_mixture_has_of_everything() -> None:
    found = decompose(sign_table(Dial(redundancy=1, synergy=1)).numpy())
    assert found.redundancy > 0.1 and found.synergy > 0.1
    assert found.unique_first < 0.01 and found.unique_second < 0.01


@pytest.mark.parametrize("setting", [Dial(), Dial(unique=-1), Dial(unique=float("nan")), Dial(unique=1, noise=-0.1)])
def test_impossible_dials(setting: Dial) -> None:
    with pytest.raises(UserError, match="dial"):
        dial(setting)


def test_the_sequence_asks_and_the_content_answers() -> None:
    data = sequence()
    content, question = data.modalities["content"].states, data.modalities["question"].states
    asked = question[:, 0].argmax(1)
    assert question.shape[1:] == (1, 8) and torch.equal(question.sum((1, 2)), torch.ones(len(asked)))
    values = content.sum(2)
    assert torch.equal((values[torch.arange(len(asked)), asked] > 0).long(), data.labels)
    guess = torch.where(values.sum(1) == 0, 0.5, ((values.sum(1) > 0).long() == data.labels).float())
    assert guess.mean() == pytest.approx(0.6367, abs=0.015), "what the mean of the content can say"
